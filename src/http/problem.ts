import type { ContentError, GatewayError } from './gateway-error.js';
import { errorTable } from './gateway-error.js';
import type { RawHeaders } from '../fields/raw-headers.js';

/** A whole response that the gateway makes itself. */
export interface LocalResponse {
  /** The status. */
  readonly status: number;
  /** Names and values of header fields, by turns. */
  readonly headers: RawHeaders;
  /** The body. */
  readonly body: string | Buffer;
}

/** What a client is told of an error of the gateway's own (RFC 9457). Names nothing internal. */
export interface ProblemDocument {
  /** `urn:gatehouse:error:` and the code. */
  readonly type: string;
  /** The same for each occurrence of the code. */
  readonly title: string;
  readonly status: number;
  /** What happened, in one sentence. */
  readonly detail: string;
  readonly requestId: string;
  /** For wrong content: where it is wrong. */
  readonly errors: readonly ContentError[] | undefined;
}

/** The problem document of an error. */
export function problemDocument(error: GatewayError, requestId: string): ProblemDocument {
  return {
    type: `urn:gatehouse:error:${error.code}`,
    title: errorTable[error.code].title,
    status: error.status,
    detail: error.detail,
    requestId,
    errors: error.errors,
  };
}

/**
 * The response for an error of the gateway's own: its {@link ProblemDocument} as `application/problem+json`, and `X-Gateway-Error` to tell it from a
 * backend's.
 */
export function problemResponse(error: GatewayError, requestId: string): LocalResponse {
  const body = JSON.stringify(problemDocument(error, requestId));
  const headers = [
    'Content-Type',
    'application/problem+json',
    'Content-Length',
    String(Buffer.byteLength(body)),
    'Cache-Control',
    'no-store',
    'X-Gateway-Error',
    error.code,
    ...error.headers,
  ];
  return { status: error.status, headers, body };
}
