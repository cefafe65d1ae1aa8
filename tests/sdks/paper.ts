// The paper's five requests in TypeScript, by somebody who has installed both client packages.
//
// Usage: node paper.js URL EMAIL [KEY]; EMAIL is one that no user has yet. Writes what was answered
// as JSON on stdout, and ends with status 1 where a request was refused.

import * as orders from "aware-orders";
import * as users from "aware-users";

declare const process: { argv: string[]; exitCode: number };

async function ask(url: string, email: string, apiKey?: string): Promise<object> {
  const userApi = new users.UsersApi(new users.Configuration({ basePath: url, apiKey }));
  const created = await userApi.createUser({
    newUser: {
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
    },
  });
  const updated = await userApi.updateUser({
    id: created.userId,
    userUpdate: { emails: [`new.${email}`, `another.${email}`] },
  });

  const orderApi = new orders.OrdersApi(new orders.Configuration({ basePath: url, apiKey }));
  const order = await orderApi.createOrder({
    newOrder: {
      userId: created.userId,
      items: [
        { itemId: "item001", quantity: 2, price: 29.99 },
        { itemId: "item002", quantity: 1, price: 49.99 },
      ],
      userEmails: updated.emails,
      deliveryAddress: updated.deliveryAddress,
    },
  });
  const shipping = await orderApi.updateOrderStatus({
    id: order.orderId,
    orderStatusUpdate: { orderStatus: orders.OrderStatus.Shipping },
  });
  const listed: orders.Order[] = [];
  for await (const each of allShipping(orderApi)) listed.push(each);
  return {
    create_user: created,
    update_user: updated,
    create_order: order,
    update_order_status: shipping,
    list_orders: listed,
  };
}

// All orders that are being shipped, two a page; `Link` leads from page to page.
async function* allShipping(api: orders.OrdersApi): AsyncGenerator<orders.Order> {
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const page = await api.listOrdersRaw({ status: "shipping", limit: 2, cursor });
    yield* await page.value();
    cursor = page.raw.headers.get("Link")?.match(/[?&]cursor=([\w-]+)/)?.[1];
  }
}

const [url, email, key] = process.argv.slice(2);
if (url === undefined || email === undefined) throw new Error("Usage: paper.js URL EMAIL [KEY]");
try {
  console.log(JSON.stringify(await ask(url, email, key)));
} catch (error) {
  if (!(error instanceof users.ResponseError)) throw error;
  const { status } = error.response;
  console.log(JSON.stringify({ status, problem: await error.response.json() }));
  process.exitCode = 1;
}
