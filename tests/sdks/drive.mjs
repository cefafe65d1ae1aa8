// Calls functions of a package: `{}` of a call are a name, arguments and options.
//
// Usage: node drive.mjs PACKAGE URL. Each line of stdin is a call, each of stdout what it gave.

import { createInterface } from "node:readline";

const library = await import(process.argv[2]);
const client = new library.Client(process.argv[3], { retries: 0 });

function revived(value) {
  if (Array.isArray(value)) return value.map(revived);
  if (typeof value !== "object" || value === null) return value;
  if ("$bytes" in value) return new Uint8Array(Buffer.from(value.$bytes, "base64"));
  if ("$file" in value) {
    const { $file, name, type, headers } = value;
    const content = new Blob([Buffer.from($file, "base64")], { type: type ?? "" });
    return name === null ? { content, headers } : { content, name, headers };
  }
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, revived(each)]));
}

function shown(value) {
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
  return value === undefined ? null : value;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { name, args, options } = JSON.parse(line);
  let told;
  try {
    told = { value: shown(await library[name](client, revived(args), options)) };
  } catch (error) {
    told = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
