import type { GatewayError } from '../http/gateway-error.js';
import type { LocalResponse } from '../http/problem.js';
import type { RequestInfo } from '../http/request-info.js';

/** Who sends a request, as authentication has found out. */
export interface Identity {
  /** How it was proved: `jwt`, `api-key`, `basic`, `forward`, or what a policy of your own calls it. */
  readonly scheme: string;
  /** The `sub` claim, the id of the key, the name of the user. */
  readonly subject: string;
  /** All claims of a token; empty for the others. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** The head of a request as a policy sees it, and what it may change. */
export interface PolicyContext extends RequestInfo {
  /** Without its `?`; undefined when there is none. */
  readonly query: string | undefined;
  /** The scheme that the client used. */
  readonly scheme: 'http' | 'https';
  /** The fields as they came: name, value, name, value …; those that `headers` joins or leaves out as well. */
  readonly rawHeaders: readonly string[];
  /** A body follows the head. */
  readonly hasBody: boolean;
  /** Undefined until a policy of the stage `authentication` has set it. */
  identity: Identity | undefined;
  /**
   * Takes all fields of that name, and its look-alikes, out of what the backend gets and, with a value, puts one in their place. A value
   * as it came in a field stays as it is; a text with characters beyond Latin-1 goes out as UTF-8.
   */
  setRequestHeader(name: string, value?: string): void;
  /** Sets a field of the response, whoever makes it: the backend, the gateway, a policy that denies. */
  setResponseHeader(name: string, value: string): void;
}

/** A policy answers the request itself, and not with an error: a CORS preflight. */
export class Answer {
  constructor(readonly response: LocalResponse) {}
}

/** What a policy decides: undefined lets the request pass; an error (`DENIED`, `BODY_TOO_LARGE`) or an answer is what the client gets. */
export type Verdict = GatewayError | Answer | undefined;

/** One security check on a request. Must not wait unless it has to: it runs before each request. */
export interface RequestPolicy {
  /** Looks at the head. */
  check(request: PolicyContext): Verdict | Promise<Verdict>;
  /** Looks at the whole body, which is held in memory for it (`validation.maxBody` bounds it). Absent: it is not held. */
  checkBody?(request: PolicyContext, body: Buffer): Verdict;
}

/** An exchange with the policies that apply to it, in their order: what the guard works on. */
export interface Policed extends PolicyContext {
  readonly policies: readonly RequestPolicy[];
  /** Ends it with what a policy has decided. */
  settle(verdict: NonNullable<Verdict>): void;
}

/** Asks the policies in turn; the first verdict that is not undefined wins. Answers without a promise unless a policy gives one. */
export function firstVerdict(
  request: PolicyContext,
  policies: readonly RequestPolicy[],
  from = 0,
): Verdict | Promise<Verdict> {
  for (let i = from; i < policies.length; i++) {
    const verdict = policies[i]!.check(request);
    if (verdict instanceof Promise) return verdict.then(first => first ?? firstVerdict(request, policies, i + 1));
    if (verdict !== undefined) return verdict;
  }
  return undefined;
}
