// The errors of a client. `ApiError` is above all of them.

/** One thing that is wrong: where in the body, or in which parameter, and what. */
export type Violation = { pointer?: string; parameter?: string; detail: string };

/** What went wrong (RFC 9457). */
export type Problem = {
  type: string;
  title: string;
  status: number;
  detail: string;
  errors?: Violation[];
  [name: string]: unknown;
};

/** A call failed. `operation` is its name. */
export class ApiError extends Error {
  constructor(
    readonly operation: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(`${operation}: ${message}`, options);
    this.name = new.target.name;
  }
}

/** No answer came. Whether the request was carried out is not known. */
export class ApiConnectionError extends ApiError {}

/** No answer came in time. */
export class ApiTimeoutError extends ApiConnectionError {}

/** The answer is none that the API declares, so it came from something else on the way. */
export class UnreadableAnswerError extends ApiError {}

/**
 * The answer says that the request failed. `problem` is what the API says of it; where it says
 * nothing, `body` has what came instead. `requestId` is what to ask the operator by.
 */
export class ApiStatusError extends ApiError {
  readonly problem: Problem | undefined;
  readonly requestId: string | null;

  constructor(
    operation: string,
    readonly status: number,
    readonly headers: Headers,
    readonly body: unknown,
  ) {
    const problem = isProblem(body) ? body : undefined;
    const requestId = headers.get("x-request-id");
    const said = [problem?.title, problem?.detail].filter(Boolean).join(": ");
    const errors = problem?.errors ? `; ${JSON.stringify(problem.errors)}` : "";
    super(operation, `${status} ${said}${errors} (request ${requestId})`);
    this.problem = problem;
    this.requestId = requestId;
  }
}

/** 400: the request does not fit the contract. */
export class BadRequestError extends ApiStatusError {}
/** 401: a key or token is missing, or is none. */
export class UnauthorizedError extends ApiStatusError {}
/** 403: the key or token may not do that. */
export class ForbiddenError extends ApiStatusError {}
/** 404: there is no such thing. */
export class NotFoundError extends ApiStatusError {}
/** 409: it contradicts what is there. */
export class ConflictError extends ApiStatusError {}
/** 412: it has changed since it was read. */
export class PreconditionFailedError extends ApiStatusError {}
/** 422: understood, and refused. */
export class UnprocessableError extends ApiStatusError {}
/** 428: say with `ifMatch` which state is to be changed. */
export class PreconditionRequiredError extends ApiStatusError {}
/** 429: wait. */
export class TooManyRequestsError extends ApiStatusError {}
/** 5xx: the fault is not the caller's. */
export class ServerError extends ApiStatusError {}

/** The error of an answer. */
export function statusError(
  operation: string,
  status: number,
  headers: Headers,
  body: unknown,
): ApiStatusError {
  const classes: { [status: number]: typeof ApiStatusError } = {
    400: BadRequestError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    412: PreconditionFailedError,
    422: UnprocessableError,
    428: PreconditionRequiredError,
    429: TooManyRequestsError,
  };
  const made = classes[status] ?? (status >= 500 ? ServerError : ApiStatusError);
  return new made(operation, status, headers, body);
}

function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "title" in body && "status" in body;
}
