// What the functions of all packages do.

import { answered, read, written, type Sent } from "./bodies.js";
import { ApiConnectionError, ApiError, ApiTimeoutError, UnreadableAnswerError, statusError } from "./errors.js";
import type { Arguments, Operation } from "./operations.js";
import { headersOf, remember, target } from "./wire.js";

const BACKOFF = 500;
const MAX_BACKOFF = 8_000;
const MAX_RETRY_AFTER = 60_000;
const REFUSED = [425, 429]; // nothing was done
const UNKNOWN = [408, 502, 503, 504]; // whether something was done is not known
const REPEATABLE = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"];
const UNSENT = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"];
const KEY = "idempotency-key";

/** A key or token; or what gives the one that holds now. */
export type Secret = string | (() => string | Promise<string>);

/**
 * One request of a call: what hooks are given. Before it is sent, `headers` may be added to.
 * Afterwards either `status` or `error` is set.
 */
export type Attempt = {
  readonly operation: string;
  readonly method: string;
  readonly url: string;
  readonly number: number;
  readonly headers: Headers;
  status?: number;
  requestId?: string | null;
  error?: unknown;
  milliseconds?: number;
};

/** What one call may have otherwise than its client. */
export type CallOptions = {
  /** Milliseconds after which an attempt has failed. */
  timeout?: number;
  /** Attempts after the first; 0 switches them off. */
  retries?: number;
  headers?: { [name: string]: string };
  /** Ends the call. */
  signal?: AbortSignal;
  /** Is given the answer as it came, with its headers. */
  onResponse?: (response: Response) => void;
};

/** How a client asks. */
export type ClientOptions = Pick<CallOptions, "timeout" | "retries" | "headers"> & {
  apiKey?: Secret | undefined;
  token?: Secret | undefined;
  /** Is told of each request before it is sent. */
  beforeAttempt?: (attempt: Attempt) => void | Promise<void>;
  /** Is told how it went. */
  afterAttempt?: (attempt: Attempt) => void | Promise<void>;
  /** What sends, instead of the global `fetch`. */
  fetch?: typeof fetch;
};

/** Where an API is, and how it is asked: `timeout` is 30 seconds, `retries` 4. Holds nothing open. */
export class Client {
  constructor(
    readonly url: string,
    readonly options: ClientOptions = {},
  ) {}
}

/** An answer that comes piece by piece. */
export class Download {
  readonly status: number;
  readonly headers: Headers;

  constructor(
    private readonly operation: Operation,
    private readonly response: Response,
  ) {
    this.status = response.status;
    this.headers = response.headers;
  }

  /** The pieces as they come; who stops reading ends the answer. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    const reader = this.response.body?.getReader();
    if (reader === undefined) return;
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        yield value;
      }
    } catch (cause) {
      throw new ApiConnectionError(this.operation.id, "the answer broke off", { cause });
    } finally {
      await reader.cancel().catch(() => undefined);
    }
  }

  /** The lines, without their ends. */
  async *lines(): AsyncGenerator<string, void, undefined> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const piece of this) {
      const lines = (rest + decoder.decode(piece, { stream: true })).split(/\r?\n/);
      rest = lines.pop() ?? "";
      yield* lines;
    }
    if (rest) yield rest;
  }
}

/** What an operation answers. */
export async function call<T>(
  client: Client,
  operation: Operation,
  args: object,
  options: CallOptions = {},
): Promise<T> {
  const { value } = await new Call(client, operation, args as Arguments, options).run(answered);
  return value as T;
}

/** What is on one page after the other; each is asked for when it is needed. */
export async function* pages<T>(
  client: Client,
  operation: Operation,
  args: object,
  options: CallOptions = {},
): AsyncGenerator<T, void, undefined> {
  let query: string | undefined;
  do {
    const one = new Call(client, operation, args as Arguments, options, query);
    const { value, response } = await one.run(answered);
    yield* value as T[];
    // Only the query is taken: a link may not lead a key elsewhere.
    const link = /<([^>]*)>\s*;[^,]*\brel="?next"?/.exec(response.headers.get("link") ?? "")?.[1];
    query = link === undefined ? undefined : new URL(link, "http://any").search.slice(1);
  } while (query !== undefined);
}

/** An answer that is not read yet. */
export async function stream(
  client: Client,
  operation: Operation,
  args: object,
  options: CallOptions = {},
): Promise<Download> {
  const one = new Call(client, operation, args as Arguments, options);
  const { value } = await one.run(async (_, response) => new Download(operation, response));
  return value as Download;
}

type Reader = (operation: Operation, response: Response) => Promise<unknown>;

/** The course of one call. */
class Call {
  private readonly url: string;
  private readonly body: Sent;
  private left: number;
  private number = 0;

  constructor(
    private readonly client: Client,
    private readonly operation: Operation,
    private readonly args: Arguments,
    private readonly options: CallOptions,
    query?: string,
  ) {
    const path = target(operation, args);
    this.url = client.url.replace(/\/+$/, "") + (query === undefined ? path : `${path.split("?")[0]}?${query}`);
    this.body = written(operation, args["body"], args["contentType"]);
    this.left = options.retries ?? client.options.retries ?? 4;
  }

  async run(reader: Reader): Promise<{ value: unknown; response: Response }> {
    const headers = await this.headers();
    for (;;) {
      const outcome = await this.attempt(new Headers(headers), reader);
      if (!("delay" in outcome)) return outcome;
      await pause(outcome.delay, this.options.signal);
    }
  }

  private async headers(): Promise<Headers> {
    const { client, operation } = this;
    const accept = this.args["accept"];
    const found = new Headers({ accept: typeof accept === "string" ? accept : "*/*" });
    const { apiKey, token } = client.options;
    if (operation.key_header !== null && apiKey !== undefined) found.set(operation.key_header, await told(apiKey));
    if (operation.bearer && token !== undefined) found.set("authorization", `Bearer ${await told(token)}`);
    for (const [name, value] of headersOf(operation, this.args)) found.set(name, value);
    if (operation.parameters.some((each) => each.name.toLowerCase() === KEY) && !found.has(KEY)) found.set(KEY, uuid());
    if (this.body.contentType !== null) found.set("content-type", this.body.contentType);
    for (const each of [client.options.headers, this.options.headers]) {
      for (const [name, value] of Object.entries(each ?? {})) found.set(name, value);
    }
    return found;
  }

  private async attempt(
    headers: Headers,
    reader: Reader,
  ): Promise<{ value: unknown; response: Response } | { delay: number }> {
    const { operation, client } = this;
    const { method } = operation;
    const attempt: Attempt = { operation: operation.id, method, url: this.url, number: ++this.number, headers };
    await client.options.beforeAttempt?.(attempt);
    const started = performance.now();
    const timer = new AbortController();
    const timeout = this.options.timeout ?? client.options.timeout ?? 30_000;
    const timing = setTimeout(() => timer.abort(), timeout);
    const signals = [timer.signal, ...(this.options.signal ? [this.options.signal] : [])];
    const done = async (outcome: { error?: unknown; response?: Response }) => {
      clearTimeout(timing);
      attempt.milliseconds = performance.now() - started;
      if (outcome.response === undefined) attempt.error = outcome.error;
      else [attempt.status, attempt.requestId] = [outcome.response.status, outcome.response.headers.get("x-request-id")];
      await client.options.afterAttempt?.(attempt);
    };
    let response: Response;
    let value: unknown;
    try {
      const isStream = this.body.content instanceof ReadableStream;
      const init: RequestInit & { duplex?: "half" } = {
        ...{ method, headers, body: this.body.content, redirect: "manual", signal: AbortSignal.any(signals) },
        ...(isStream ? { duplex: "half" } : {}),
      };
      response = await (client.options.fetch ?? fetch)(this.url, init);
      value = await (response.ok ? reader(operation, response) : failure(response));
    } catch (error) {
      await done({ error });
      if (error instanceof ApiError) throw error;
      this.options.signal?.throwIfAborted();
      if (this.mayRepeat(isUnsent(error))) return { delay: this.backoff() };
      throw this.lost(error, timer.signal.aborted ? timeout : undefined);
    }
    await done({ response });
    const wait = retryAfter(response);
    const isRefused = REFUSED.includes(response.status);
    if (isRefused || UNKNOWN.includes(response.status)) {
      if (wait <= MAX_RETRY_AFTER && this.mayRepeat(isRefused)) return { delay: wait + this.backoff() };
    }
    return { value: this.result(response, value), response };
  }

  private result(response: Response, value: unknown): unknown {
    const { operation } = this;
    this.options.onResponse?.(response);
    if (response.ok) {
      const etag = response.headers.get("etag");
      if (etag !== null && typeof value === "object" && value !== null) remember(value, etag);
      return value;
    }
    if (response.status === 304) {
      const condition = operation.parameters.find((each) => each.name.toLowerCase() === "if-none-match");
      const had = condition && this.args[condition.argument];
      if (typeof had === "object" && had !== null) return had;
    }
    if (response.type === "opaqueredirect") throw new UnreadableAnswerError(operation.id, "a redirect");
    throw statusError(operation.id, response.status, response.headers, value);
  }

  private lost(cause: unknown, timeout: number | undefined): ApiError {
    const tried = this.number > 1 ? ` (attempt ${this.number})` : "";
    if (timeout !== undefined) {
      return new ApiTimeoutError(this.operation.id, `no answer within ${timeout} ms${tried}`, { cause });
    }
    const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
    const said = inner instanceof Error ? inner.message || String((inner as { code?: string }).code) : String(inner);
    return new ApiConnectionError(this.operation.id, `${said}${tried}`, { cause });
  }

  private mayRepeat(isUnsent: boolean): boolean {
    if (this.left < 1 || this.body.content instanceof ReadableStream) return false;
    const isSent = (name: string) =>
      this.operation.parameters.some((each) => each.name.toLowerCase() === name) &&
      (name === KEY || this.args["ifMatch"] !== undefined);
    // The second If-Match would fail because of the first.
    const isRepeatable = REPEATABLE.includes(this.operation.method) && !isSent("if-match");
    if (!(isUnsent || isRepeatable || isSent(KEY))) return false;
    this.left -= 1;
    return true;
  }

  /** Full jitter: anything up to what doubles each time. */
  private backoff(): number {
    return Math.random() * Math.min(MAX_BACKOFF, BACKOFF * 2 ** (this.number - 1));
  }
}

/** What is said of a failure; bytes or text where it cannot be read. */
async function failure(response: Response): Promise<unknown> {
  const copy = response.clone();
  return read(response).catch(() => copy.text());
}

async function told(secret: Secret): Promise<string> {
  return typeof secret === "string" ? secret : secret();
}

function isUnsent(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause as { code?: string } | undefined) : undefined;
  return UNSENT.includes(cause?.code ?? "");
}

/** Milliseconds, of seconds or of a date; 0 where there is neither. */
function retryAfter(response: Response): number {
  const said = response.headers.get("retry-after") ?? "";
  if (/^\d+$/.test(said)) return Number(said) * 1000;
  return Math.max(0, Date.parse(said) - Date.now() || 0);
}

/** `crypto.randomUUID` is not there on pages without TLS. */
function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (each) => each.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timing);
      reject(signal?.reason);
    };
    const timing = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}
