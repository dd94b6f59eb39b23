import { GatewayError, type ContentError } from '../http/gateway-error.js';

/** The kinds of policies that refuse requests: the label `policy` of `gatehouse_errors_total`, and the first word of the reason in the access log. */
export type PolicyKind =
  | 'ip-filter'
  | 'rate-limit'
  | 'concurrency'
  | 'method'
  | 'max-body'
  | 'underscore-headers'
  | 'required-headers'
  | 'content-type'
  | 'json-schema'
  | 'cors'
  | 'auth'
  | 'jwt'
  | 'api-key'
  | 'basic'
  | 'forward'
  | 'websocket'
  | 'path'
  | 'guard';

/** What the client of a refused request gets. */
interface Refusal {
  readonly status: number;
  /** One sentence for the client. */
  readonly detail: string;
  readonly headers?: readonly string[] | undefined;
  readonly errors?: readonly ContentError[] | undefined;
  /** The limit that was over: see `ErrorOrigin`. */
  readonly limit?: string | undefined;
}

/** The refusal of a policy. `about`: for the log, which limit, range, field or place it was: `10/1s per address`. */
export function denial(
  policy: PolicyKind,
  about: string,
  { status, detail, headers, errors, limit }: Refusal,
): GatewayError {
  return new GatewayError('DENIED', detail, reasonOf(policy, about), status, headers, errors, { policy, limit });
}

/** The refusal of a request whose body is larger than `limit`, which the log shows. */
export function bodyTooLarge(bytes: number, limit: string): GatewayError {
  const detail = `The request body is larger than ${bytes} bytes.`;
  const policy: PolicyKind = 'max-body';
  const origin = { policy, limit: `security.validation.maxBody ${limit}` };
  return new GatewayError('BODY_TOO_LARGE', detail, reasonOf(policy, limit), undefined, [], undefined, origin);
}

function reasonOf(policy: PolicyKind, about: string): string {
  return about === '' ? policy : `${policy} ${about}`;
}
