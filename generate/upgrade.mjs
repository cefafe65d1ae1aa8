// Prints a Swagger 2.0 document (JSON on standard input) as OpenAPI 3.1.
// Usage: node upgrade.mjs < FILE
import { readFileSync } from "node:fs";
import { upgrade } from "@scalar/openapi-upgrader";

const document = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(upgrade(document, "3.1")));
