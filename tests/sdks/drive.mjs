// Calls functions of a package.
//
// Usage: node drive.mjs PACKAGE URL OPTIONS; the options are those of the client, in JSON. Each line
// of stdin is a call (name, arguments, options), each of stdout what it gave. `$last` stands for that.

import { createInterface } from "node:readline";

const library = await import(process.argv[2]);
const client = new library.Client(process.argv[3], JSON.parse(process.argv[4]));
let last;

function revived(value) {
  if (Array.isArray(value)) return value.map(revived);
  if (typeof value !== "object" || value === null) return value;
  if ("$last" in value) return last;
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
    last = await library[name](client, revived(args), options);
    if (Symbol.asyncIterator in Object(last)) last = await Array.fromAsync(last);
    told = { value: shown(last) };
  } catch (error) {
    const { status, problem, body, requestId, operation } = error;
    told = { error: { kind: error.name, message: String(error), status, problem, body, requestId, operation } };
  }
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
