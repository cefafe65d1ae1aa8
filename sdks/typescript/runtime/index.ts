// What packages for TypeScript have in common; each of them has a copy.

export { Client, Download } from "./client.js";
export type { Attempt, CallOptions, ClientOptions, Secret } from "./client.js";
export type { Content, FormFile } from "./bodies.js";
export * from "./errors.js";
export { etagOf } from "./wire.js";
