// Says what @asyncapi/parser finds wrong with a document: a line each, none where it is valid.
// Usage: node asyncapi.mjs FILE
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const [file] = process.argv.slice(2);
const errors = (await new Parser().validate(readFileSync(file, "utf8"))).filter(
  (each) => each.severity === 0,
);
for (const { range, path, message } of errors) {
  console.log(`${file}:${range.start.line + 1}: ${path.join(".")}: ${message}`);
}
