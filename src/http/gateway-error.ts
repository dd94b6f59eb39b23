/** Whose fault an error is. Only `backend` counts against a backend. */
export type Source = 'client' | 'gateway' | 'backend';

/** When an attempt that failed like this may be tried again. `always`: no byte of the request reached the backend. */
export type Retry = 'never' | 'if-idempotent' | 'always';

/** One row of the error table. */
export interface ErrorKind {
  /** The status the client gets; 499 is only ever logged, 0 means that a response under way is cut. */
  readonly status: number;
  /** Whose fault it is. */
  readonly source: Source;
  /** Whether the request may be sent again. */
  readonly retry: Retry;
  /** Title of the problem document: the same for each occurrence (RFC 9457 §3.1.3). */
  readonly title: string;
  /** When it happens, for the docs. */
  readonly when: string;
}

// One row, one line.
// prettier-ignore
const kinds = {
  NO_ROUTE: { status: 404, source: 'client', retry: 'never', title: 'No route', when: 'Nothing in the route table matched the request.' },
  DENIED: { status: 403, source: 'client', retry: 'never', title: 'Denied', when: 'The request was refused; the status (400–431, 501) says why.' },
  BODY_TOO_LARGE: { status: 413, source: 'client', retry: 'never', title: 'Body too large', when: 'The request body is over the limit, also when it shows only while streaming.' },
  CLIENT_BODY: { status: 400, source: 'client', retry: 'never', title: 'Broken request body', when: 'The client broke its own body.' },
  CLIENT_TIMEOUT: { status: 408, source: 'client', retry: 'never', title: 'Request timeout', when: 'The client did not finish its head or body in time.' },
  CLIENT_ABORTED: { status: 499, source: 'client', retry: 'never', title: 'Client closed the request', when: 'The client went away. Only in the log; never held against a backend.' },
  NO_BACKEND: { status: 503, source: 'gateway', retry: 'never', title: 'No backend available', when: 'Every backend of the upstream has a veto.' },
  QUEUE_FULL: { status: 503, source: 'gateway', retry: 'never', title: 'Too busy', when: 'The connection limit of the backend and the queue before it are exhausted.' },
  AUTH_UNAVAILABLE: { status: 503, source: 'gateway', retry: 'never', title: 'Authentication unavailable', when: 'It cannot be found out now who sends the request: the issuer or the auth service gives no answer, or too many passwords are being checked.' },
  LIMIT_UNAVAILABLE: { status: 503, source: 'gateway', retry: 'never', title: 'Rate limit unavailable', when: 'The request cannot be counted now, and onStoreFailure is deny.' },
  DRAINING: { status: 503, source: 'gateway', retry: 'never', title: 'Shutting down', when: 'The gateway is shutting down.' },
  LOOP: { status: 508, source: 'gateway', retry: 'never', title: 'Loop detected', when: 'The request has come through this gateway before: a backend, or what stands between, leads back to it.' },
  INTERNAL: { status: 500, source: 'gateway', retry: 'never', title: 'Gateway failure', when: 'The gateway itself failed; its log says how.' },
  OVERLOADED: { status: 503, source: 'gateway', retry: 'never', title: 'Overloaded', when: 'The event loop is delayed for longer than overload.eventLoopDelay: new requests are refused until it has caught up.' },
  EXHAUSTED: { status: 503, source: 'gateway', retry: 'never', title: 'Out of descriptors', when: 'The process may open no more connections (EMFILE). Never held against a backend.' },
  CONNECT_FAILED: { status: 502, source: 'backend', retry: 'always', title: 'Backend unreachable', when: 'The connection to the backend was refused, unreachable, or failed its TLS handshake.' },
  CONNECT_TIMEOUT: { status: 504, source: 'backend', retry: 'always', title: 'Backend connect timeout', when: 'No connection to the backend within timeouts.connect; no byte was sent.' },
  HEAD_TIMEOUT: { status: 504, source: 'backend', retry: 'if-idempotent', title: 'Backend response timeout', when: 'No response head from the backend within timeouts.response.' },
  RESET: { status: 502, source: 'backend', retry: 'if-idempotent', title: 'Backend closed the connection', when: 'The backend closed the connection before its response head.' },
  PROTOCOL: { status: 502, source: 'backend', retry: 'never', title: 'Bad backend response', when: 'The backend sent a malformed head, conflicting framing, or refused an upgrade wrongly.' },
  BODY_BROKEN: { status: 0, source: 'backend', retry: 'never', title: 'Backend response broke', when: 'The response broke after its head (or was silent for timeouts.idle): the client sees a cut message, never a clean end.' },
} as const satisfies Record<string, ErrorKind>;

/** The code of an error that the gateway itself makes: the `X-Gateway-Error` header, the metric label and the log field. */
export type ErrorCode = keyof typeof kinds;

/** The error table: response, retry, breaker verdict, metric label, log field and docs all read these rows. */
export const errorTable: Readonly<Record<ErrorCode, ErrorKind>> = kinds;

/** One place of a request's content that is wrong: a member of `errors` in the problem document (RFC 9457 §3, its first example). */
export interface ContentError {
  /** What is wrong; never what the client sent. */
  readonly detail: string;
  /** JSON Pointer (RFC 6901) as a URI fragment: `#/items/0/amount`; `#` is the whole body. */
  readonly pointer: string;
}

/** Where an error comes from, for the log and the metrics. */
export interface ErrorOrigin {
  /** The kind of policy that has refused the request, or the name of a policy of your own. A label of metrics: never from a client. */
  readonly policy?: string | undefined;
  /** The time limit that was over, and its value: `timeouts.response 15s`. */
  readonly timeout?: string | undefined;
  /** The limit that was over, by its key in the configuration and what it says there: `security.rateLimit 10/1s per address`. A label of metrics: never from a client. */
  readonly limit?: string | undefined;
}

const unknown: ErrorOrigin = {};

/**
 * Trouble with one exchange, as a value: made, returned and logged, never thrown (no stack is captured).
 * `detail` may be shown to the client and must name nothing internal; `reason` is for the log only.
 */
export class GatewayError {
  constructor(
    readonly code: ErrorCode,
    /** One sentence for the client: what happened and what it may do. */
    readonly detail: string = errorTable[code].when,
    /** For the log: which policy, limit or place of the content it was, or what the network or the backend said. Never a secret. */
    readonly reason?: string,
    /** Overrides the status of the table's row (a policy's verdict: 400–431). */
    readonly status: number = errorTable[code].status,
    /** Extra response headers, such as `Allow` or `Retry-After`. */
    readonly headers: readonly string[] = [],
    /** The places of the request's content that are wrong, for the client. */
    readonly errors?: readonly ContentError[],
    readonly origin: ErrorOrigin = unknown,
  ) {}

  /** The same error with another status and other response headers. */
  with(status: number, headers: readonly string[]): GatewayError {
    return new GatewayError(this.code, this.detail, this.reason, status, headers, this.errors, this.origin);
  }

  /** The same error with another reason and origin, for the log and the metrics; the client gets the same. */
  because(reason: string, origin: ErrorOrigin): GatewayError {
    return new GatewayError(this.code, this.detail, reason, this.status, this.headers, this.errors, origin);
  }

  /** Why it happened, in a few words, for the log; where nothing more is known, what the client is told. */
  get cause(): string {
    return this.reason ?? this.detail;
  }

  get source(): Source {
    return errorTable[this.code].source;
  }
}
