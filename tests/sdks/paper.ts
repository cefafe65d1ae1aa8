// The paper's five requests in TypeScript, by somebody who has installed the joined package.
//
// Usage: node paper.js URL EMAIL [KEY]; EMAIL is one that no user has yet. Writes what was answered
// as JSON on stdout, and ends with status 1 where a request was refused.

import { ApiStatusError, Client, order, user } from "aware-services";

declare const process: { argv: string[]; exitCode: number };

async function ask(url: string, email: string, apiKey?: string): Promise<object> {
  const client = new Client(url, { apiKey });
  const jane: user.types.NewUser = {
    firstName: "Jane",
    lastName: "Smith",
    emails: [email],
    deliveryAddress: {
      street: "456 Technology Boulevard, Apt 789",
      city: "San Francisco",
      state: "CA",
      postalCode: "94107",
      country: "USA",
    },
    phoneNumber: "14155551234",
  };
  const created = await user.createUser(client, { body: jane });
  const updated = await user.updateUser(client, {
    id: created.userId,
    body: { emails: [`new.${email}`, `another.${email}`] },
    ifMatch: created,
  });
  const ordered = await order.createOrder(client, {
    body: {
      userId: created.userId,
      items: [
        { itemId: "item001", quantity: 2, price: 29.99 },
        { itemId: "item002", quantity: 1, price: 49.99 },
      ],
      userEmails: updated.emails,
      deliveryAddress: updated.deliveryAddress,
    },
  });
  const shipping = await order.updateOrderStatus(client, {
    id: ordered.orderId,
    body: { orderStatus: "shipping" },
  });
  const listed: order.types.Order[] = [];
  for await (const each of order.iterListOrders(client, { status: "shipping", limit: 2 })) {
    listed.push(each);
  }
  return {
    create_user: created,
    update_user: updated,
    create_order: ordered,
    update_order_status: shipping,
    list_orders: listed,
  };
}

const [url, email, key] = process.argv.slice(2);
if (url === undefined || email === undefined) throw new Error("Usage: paper.js URL EMAIL [KEY]");
try {
  console.log(JSON.stringify(await ask(url, email, key)));
} catch (error) {
  if (!(error instanceof ApiStatusError)) throw error;
  console.log(JSON.stringify({ status: error.status, problem: error.problem }));
  process.exitCode = 1;
}
