// Makes orders and ships them while parts are killed, by somebody who handles no error.
//
// Usage: node chaos.js URL MARK LEAST; ends when it has made so many, and stdin is closed. Writes in
// JSON what it made: the address in each order.

import { Client, createOrder, updateOrderStatus } from "aware-orders";

declare const process: {
  argv: string[];
  stdin: { resume(): void; on(event: "end", then: () => void): void };
};

const [url = "", mark = "", least = ""] = process.argv.slice(2);
const client = new Client(url, { retries: 20, timeout: 10_000 });
const made: string[] = [];
let mayEnd = false;
let next = 0;
process.stdin.resume();
process.stdin.on("end", () => {
  mayEnd = true;
});

async function work(): Promise<void> {
  while (next < 10_000) {
    const email = `${mark}.${next++}@example.com`;
    const order = await createOrder(client, {
      body: {
        items: [{ itemId: "i", quantity: 1, price: 1.5 }],
        userEmails: [email],
        deliveryAddress: {
          street: "456 Technology Boulevard",
          city: "San Francisco",
          state: "CA",
          postalCode: "94107",
          country: "USA",
        },
      },
    });
    const body = { orderStatus: "shipping" } as const;
    await updateOrderStatus(client, { id: order.orderId, body, ifMatch: order });
    made.push(email);
    if (mayEnd && made.length >= Number(least)) return;
  }
}

await Promise.all([work(), work(), work(), work()]);
console.log(JSON.stringify(made));
