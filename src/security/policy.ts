import type { GatewayError } from '../http/gateway-error.js';
import type { RequestInfo } from '../http/request-info.js';

/** What a policy decides: undefined lets the request pass, an error (`DENIED`, `BODY_TOO_LARGE`) is the answer to the client. */
export type Verdict = GatewayError | undefined;

/** One security check on the head of a request. Must not wait unless it has to: it runs before each request. */
export interface RequestPolicy {
  check(request: RequestInfo): Verdict | Promise<Verdict>;
}

/** A request with the policies that apply to it, in their order: what the guard finds on a raw request. */
export interface Policed extends RequestInfo {
  readonly policies: readonly RequestPolicy[];
}

/** Asks the policies in turn; the first denial wins. Answers without a promise unless a policy gives one. */
export function firstDenial(
  request: RequestInfo,
  policies: readonly RequestPolicy[],
  from = 0,
): Verdict | Promise<Verdict> {
  for (let i = from; i < policies.length; i++) {
    const verdict = policies[i]!.check(request);
    if (verdict instanceof Promise) return verdict.then(denial => denial ?? firstDenial(request, policies, i + 1));
    if (verdict !== undefined) return verdict;
  }
  return undefined;
}
