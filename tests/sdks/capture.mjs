// Writes the requests of operations instead of sending them.
//
// Usage: node capture.mjs FOLDER, where the runtime is. Each line of stdin is an operation with its
// arguments, each line of stdout the request, or what is wrong with them.

import { createInterface } from "node:readline";

const { Client, call } = await import(`${process.argv[2]}/client.js`);

function revived(value) {
  if (Array.isArray(value)) return value.map(revived);
  if (typeof value !== "object" || value === null) return value;
  if ("$bytes" in value) return new Uint8Array(Buffer.from(value.$bytes, "base64"));
  if ("$file" in value) {
    const { $file, name, type } = value;
    const content = new Blob([Buffer.from($file, "base64")], { type: type ?? "" });
    return name === null ? content : { content, name };
  }
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, revived(each)]));
}

for await (const line of createInterface({ input: process.stdin })) {
  const { operation, args } = JSON.parse(line);
  let written;
  const fetch = async (url, init) => {
    const request = new Request(url, { ...init, duplex: "half" });
    const body = Buffer.from(await request.arrayBuffer()).toString("base64");
    written = { method: init.method, url: request.url, headers: [...init.headers], body };
    return new Response(null, { status: 204 });
  };
  try {
    await call(new Client("http://127.0.0.1:5000", { fetch }), operation, revived(args));
  } catch (error) {
    written = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(written)}\n`);
}
