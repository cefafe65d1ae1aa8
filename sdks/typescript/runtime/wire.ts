// How parameters are written: by OpenAPI's styles, as RFC 6570 expands them.

import type { Arguments, Operation, Parameter } from "./operations.js";

type Encode = (text: string) => string;
export type Pairs = [string, string][];

const etags = new WeakMap<object, string>();

/** Keep the ETag of an object that was answered. */
export function remember(thing: object, etag: string): void {
  etags.set(thing, etag);
}

/** The ETag of an object that was answered; an ETag itself is given back. */
export function etagOf(thing: string | object): string {
  const found = typeof thing === "string" ? thing : etags.get(thing);
  if (found !== undefined) return found;
  throw new TypeError("the state of this object is not known: give the very object that was read");
}

/** Path and query of a request. */
export function target(operation: Operation, args: Arguments): string {
  let path = operation.path;
  for (const [each, value] of given(operation, args, "path")) {
    const text = inPath(each, value);
    if (["", ".", ".."].includes(text)) {
      throw new TypeError(`${operation.id}: ${each.argument} may not be "${text}"`);
    }
    path = path.replace(`{${each.name}}`, () => text);
  }
  const query = given(operation, args, "query").flatMap(([each, value]) => inQuery(each, value));
  return query.length > 0 ? `${path}?${joined(query)}` : path;
}

/** A query, a form or cookies. */
export function joined(pairs: Pairs, between = "&"): string {
  return pairs.map(([name, text]) => `${name}=${text}`).join(between);
}

/** The headers of a request that are parameters, cookies included. */
export function headersOf(operation: Operation, args: Arguments): Pairs {
  const found: Pairs = given(operation, args, "header").map(([each, value]) => {
    const isCondition = ["if-match", "if-none-match"].includes(each.name.toLowerCase());
    return [each.name, isCondition ? etagOf(value as string | object) : inHeader(each, value)];
  });
  const cookies = given(operation, args, "cookie").flatMap(([each, value]) => inQuery(each, value));
  if (cookies.length > 0) found.push(["Cookie", joined(cookies, "; ")]);
  return found;
}

function inPath(parameter: Parameter, value: unknown): string {
  if (parameter.is_json) return encoded(JSON.stringify(value));
  const parts = parameter.explode ? members(value) : [flat(value)];
  if (parameter.style === "simple") return parts.join(",");
  if (parameter.style === "label") return parts.map((each) => `.${each}`).join("");
  if (parameter.explode && isObject(value)) {
    return parts.map((each) => `;${each.replace(/=$/, "")}`).join("");
  }
  const name = encoded(parameter.name);
  return parts.map((each) => (each ? `;${name}=${each}` : `;${name}`)).join("");
}

/** What stands before and after each `=`. */
export function inQuery(
  parameter: Pick<Parameter, "name" | "style" | "explode" | "is_json">,
  value: unknown,
): Pairs {
  const name = encoded(parameter.name);
  const { style } = parameter;
  if (parameter.is_json) return [[name, encoded(JSON.stringify(value))]];
  if (style === "deepObject" && typeof value === "object") return deep(parameter.name, value);
  if (parameter.explode) {
    if (!isObject(value)) return exploded(name, value);
    return entries(value).flatMap(([key, each]) => exploded(encoded(key), each));
  }
  const between = { spaceDelimited: "%20", pipeDelimited: "%7C" }[style] ?? ",";
  return [[name, flat(value, encoded, between)]];
}

function exploded(name: string, value: unknown): Pairs {
  return list(value).map((each) => [name, encoded(plain(each))]);
}

function deep(name: string, value: unknown): Pairs {
  if (isObject(value)) return entries(value).flatMap(([key, each]) => deep(`${name}[${key}]`, each));
  if (Array.isArray(value) && value.some((each) => typeof each === "object" && each !== null)) {
    return value.flatMap((each, number) => deep(`${name}[${number}]`, each));
  }
  return exploded(encoded(name), value);
}

function inHeader(parameter: Parameter, value: unknown): string {
  const same: Encode = (text) => text;
  if (parameter.is_json) return ascii(JSON.stringify(value));
  return parameter.explode ? members(value, same).join(",") : flat(value, same);
}

/** All but what RFC 3986 calls unreserved is encoded. */
export function encoded(text: string): string {
  const code = (each: string) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replace(/[!'()*]/g, code);
}

/** A value as text: as JSON has it, a string without its quotes. */
export function plain(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function ascii(json: string): string {
  return json.replace(/[^\0-~]/g, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function flat(value: unknown, encode: Encode = encoded, between = ","): string {
  const parts = isObject(value) ? entries(value).flat() : list(value);
  return parts.map((each) => encode(plain(each))).join(between);
}

function members(value: unknown, encode: Encode = encoded): string[] {
  if (!isObject(value)) return list(value).map((each) => encode(plain(each)));
  return entries(value).map(([key, each]) => `${encode(key)}=${encode(plain(each))}`);
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** Whether a value is an object to JSON. */
export function isObject(value: unknown): value is { [name: string]: unknown } {
  return typeof value === "object" && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value));
}

/** What is in an object; what is undefined is not. */
export function entries(value: object): [string, unknown][] {
  return Object.entries(value).filter(([, each]) => each !== undefined);
}

function given(operation: Operation, args: Arguments, location: string): [Parameter, unknown][] {
  return operation.parameters
    .filter((each) => each.location === location)
    .map((each): [Parameter, unknown] => [each, args[each.argument]])
    .filter(([each, value]) => value !== undefined && (value !== null || each.nullable));
}
