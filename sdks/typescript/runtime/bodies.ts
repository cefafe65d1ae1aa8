// Bodies: how they are written, and how those of answers are read.

import { UnreadableAnswerError } from "./errors.js";
import type { Encoding, Operation } from "./operations.js";
import { encoded, entries, inQuery, isObject, joined, plain } from "./wire.js";

const FORM = "application/x-www-form-urlencoded";
const PARTS = "multipart/form-data";

/** What is sent as it is; of a stream never more is in memory than a piece. */
export type Content = string | Blob | ArrayBuffer | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;

/** A file in a form, which may have headers of its own. */
export type FormFile = Blob | { content: Blob; name?: string; headers?: { [name: string]: string } };

/** A body, ready to be sent any number of times unless it is a stream. */
export type Sent = { contentType: string | null; content: Exclude<Content, ArrayBuffer> | null };

/** The body of a request. */
export function written(operation: Operation, body: unknown, contentType: unknown): Sent {
  const names = Object.keys(operation.bodies);
  if (body === undefined || (body === null && !operation.nullable_body) || names.length === 0) {
    return { contentType: null, content: null };
  }
  const name = typeof contentType === "string" ? contentType : usual(operation, names[0] ?? "", body);
  // The most specific that fits: a/b before a/* before */*.
  const stars = (each: string) => each.split("*").length;
  const [range] = names.filter((each) => fits(name, each)).sort((a, b) => stars(a) - stars(b));
  const encoding = (range !== undefined && operation.bodies[range]) || {};
  const kind = essence(name);
  if (isObject(body) && kind === FORM) return { contentType: name, content: urlencoded(body, encoding) };
  if (isObject(body) && kind === PARTS) return multipart(body, encoding);
  if (isJson(kind)) return { contentType: name, content: JSON.stringify(body) };
  if (body === null || ["string", "number", "boolean"].includes(typeof body)) {
    return { contentType: name, content: new Blob([plain(body)]) };
  }
  if (isObject(body) || Array.isArray(body)) {
    throw new TypeError(`${operation.id}: an object cannot be sent as ${name}: give text or bytes`);
  }
  const content = body instanceof ArrayBuffer ? new Uint8Array(body) : (body as Sent["content"]);
  return { contentType: name, content };
}

function usual(operation: Operation, first: string, body: unknown): string {
  if (!first.includes("*")) return first;
  if (isObject(body) || Array.isArray(body)) return "application/json";
  if (first !== "*/*") {
    throw new TypeError(`${operation.id}: say with contentType which of ${first} the body is`);
  }
  return typeof body === "string" ? "text/plain; charset=utf-8" : "application/octet-stream";
}

function urlencoded(body: object, encoding: { [field: string]: Encoding }): string {
  const pairs = entries(body).flatMap(([name, value]) => {
    const said = encoding[name];
    const style = said?.style ?? "form";
    const is_json = Boolean(said?.content_type) || (isObject(value) && !said?.style);
    const explode = said?.explode ?? style === "form";
    return inQuery({ name, style, explode, is_json }, value ?? "");
  });
  return joined(pairs);
}

/** A form in parts. It is written here, as `FormData` knows no headers of a part. */
function multipart(body: object, encoding: { [field: string]: Encoding }): Sent {
  const boundary = `part-${crypto.getRandomValues(new Uint32Array(4)).join("-")}`;
  const parts: BlobPart[] = [];
  const add = (name: string, value: unknown, kind: string | undefined) => {
    const { content, filename, type, headers } = part(value, kind);
    const named = filename === undefined ? "" : `; filename="${quoted(filename)}"`;
    parts.push(`--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"${named}\r\n`);
    if (type) parts.push(`Content-Type: ${type}\r\n`);
    parts.push(...Object.entries(headers).map((each) => `${each.join(": ")}\r\n`), "\r\n", content, "\r\n");
  };
  for (const [name, value] of entries(body)) {
    const said = encoding[name];
    const first = said?.content_type?.split(",")[0]?.trim();
    const kind = first?.includes("*") ? undefined : first;
    if (said && (said.style !== null || said.explode !== null)) {
      const shape = { style: said.style ?? "form", explode: said.explode ?? false, is_json: false };
      for (const [key, text] of inQuery({ name, ...shape }, value)) {
        add(decodeURIComponent(key), decodeURIComponent(text), undefined);
      }
    } else if (kind !== undefined && isJson(kind)) {
      add(name, JSON.stringify(value), kind);
    } else {
      for (const each of Array.isArray(value) ? value : [value]) add(name, each, kind);
    }
  }
  parts.push(`--${boundary}--\r\n`);
  return { contentType: `${PARTS}; boundary=${boundary}`, content: new Blob(parts) };
}

type Part = {
  content: BlobPart;
  filename?: string | undefined;
  type: string | undefined;
  headers: { [name: string]: string };
};

function part(value: unknown, kind: string | undefined): Part {
  if (value instanceof Blob) {
    const filename = value instanceof File ? value.name : undefined;
    return { content: value, filename, type: value.type || kind, headers: {} };
  }
  if (isObject(value) && value["content"] instanceof Blob) {
    const file = value as Exclude<FormFile, Blob>;
    const found = part(file.content, kind);
    return { ...found, filename: file.name ?? found.filename, headers: file.headers ?? {} };
  }
  const isJsonValue = typeof value === "object" && value !== null;
  return { content: plain(value), type: kind ?? (isJsonValue ? "application/json" : undefined), headers: {} };
}

function quoted(text: string): string {
  return text.replace(/["\r\n]/g, (each) => encoded(each));
}

function essence(name: string): string {
  return (name.split(";")[0] ?? "").trim().toLowerCase();
}

function isJson(kind: string): boolean {
  return kind === "application/json" || kind.endsWith("+json");
}

/** Whether a media type is the one, or in the range, that an API declares. */
function fits(name: string, range: string): boolean {
  const [said, wanted] = [essence(name), essence(range)];
  const [kind, rest = ""] = wanted.split("/");
  if (!wanted.includes("*")) return said === wanted;
  return kind === "*" || (said.startsWith(`${kind}/`) && said.endsWith(rest.replace(/^\*/, "")));
}

/** The body of an answer: any of JSON, a text, bytes, or undefined where there is none. */
export async function read(response: Response): Promise<unknown> {
  const kind = essence(response.headers.get("content-type") ?? "");
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (bytes.length === 0 && (kind === "" || [204, 205, 304].includes(response.status))) return undefined;
  if (isJson(kind)) return JSON.parse(new TextDecoder().decode(bytes));
  if (!kind.startsWith("text/")) return bytes;
  const charset = /charset="?([^\s;"]+)/i.exec(response.headers.get("content-type") ?? "")?.[1];
  return new TextDecoder(charset ?? "utf-8", { ignoreBOM: true }).decode(bytes);
}

/** The body of a success, where it is one that the API declares. */
export async function answered(operation: Operation, response: Response): Promise<unknown> {
  const kind = response.headers.get("content-type") ?? "";
  if (kind && operation.answers.length > 0 && !operation.answers.some((each) => fits(kind, each))) {
    await response.body?.cancel();
    throw new UnreadableAnswerError(operation.id, `an answer of the media type "${kind}"`);
  }
  try {
    return await read(response);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new UnreadableAnswerError(operation.id, `the answer is no JSON: ${cause.message}`, { cause });
  }
}
