import type { GatewayError } from '../http/gateway-error.js';
import type { LocalResponse } from '../http/problem.js';
import type { RequestInfo } from '../http/request-info.js';

/** The sender of a request, as found by authentication. */
export interface Identity {
  /** How the sender was authenticated: `jwt`, `api-key`, `basic`, `forward`, or a name of your own policy. */
  readonly scheme: string;
  /** The `sub` claim, the id of the key, the name of the user. */
  readonly subject: string;
  /** All claims of a token; empty for other schemes. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Something that a policy has taken for the time of an exchange: a place, a lock, an entry in a list. */
export interface Releasable {
  /** Gives it back. Called once. An error that it throws is logged. */
  release(): void;
}

/** The head of a request as a policy sees it, and what it may change. */
export interface PolicyContext extends RequestInfo {
  /** The query without its `?`; undefined when there is none. */
  readonly query: string | undefined;
  /** The scheme that the client used. */
  readonly scheme: 'http' | 'https';
  /** The fields as received: name, value, name, value …, including the ones that `headers` joins or leaves out. */
  readonly rawHeaders: readonly string[];
  /** Whether a body follows the head. */
  readonly hasBody: boolean;
  /** Undefined until a policy of the stage `authentication` has set it. */
  identity: Identity | undefined;
  /**
   * Removes all fields of that name and its look-alikes from the request to the backend and, with a value, adds one in their
   * place. The value of a received field is sent unchanged; a text with characters beyond Latin-1 is sent as UTF-8.
   */
  setRequestHeader(name: string, value?: string): void;
  /**
   * Sets a field of the response, which may come from the backend, the gateway, or a policy that denies. A text with characters
   * beyond Latin-1 goes out as UTF-8. Throws a TypeError for what no field can hold.
   */
  setResponseHeader(name: string, value: string): void;
  /**
   * Releases `held` when the exchange is over: its answer has been sent or broken off, its event stream or tunnel has ended, or the client has gone.
   * That holds also when this policy or another one refuses the request. At once when the exchange is over already: the client has left while the policy waited.
   */
  onClose(held: Releasable): void;
}

/** An answer that a policy gives itself and that is no error: to a CORS preflight. */
export class Answer {
  constructor(
    readonly response: LocalResponse,
    /** For the log, where the answer refuses the request: the policy, and why. */
    readonly reason?: string,
  ) {}
}

/** The decision of a policy: undefined lets the request pass; an error (`DENIED`, `BODY_TOO_LARGE`) or an answer is sent to the client. */
export type Verdict = GatewayError | Answer | undefined;

/** What a policy would do with a request, told without doing it. */
export interface Foreseen {
  /** Undefined: it would let the request pass. `unknown`: only asking would tell, which `says` explains. */
  readonly verdict: Verdict | 'unknown';
  /** What it has looked at, a short text for each, for the operator. No secrets. */
  readonly says: readonly string[];
}

/** One security check on a request. It runs before each request, so it must not wait unnecessarily. */
export interface RequestPolicy {
  /** Checks the head. */
  check(request: PolicyContext): Verdict | Promise<Verdict>;
  /** Checks the whole body, which is held in memory for it (`validation.maxBody` limits it). Without this function no body is held. */
  checkBody?(request: PolicyContext, body: Buffer): Verdict;
  /**
   * Tells what `check` would decide now, without effect on anything but the request, which is a copy: nothing is counted, taken, or asked of another
   * server. For explanations. Without this function, policies of the gateway are asked by `check`, which has no effect then; of a policy of your own it is
   * not known what it would decide.
   */
  foresee?(request: PolicyContext): Foreseen | Promise<Foreseen>;
}

/** What the guard needs of an exchange: its policies, in their order. */
export interface Policed extends PolicyContext {
  readonly policies: readonly RequestPolicy[];
  /** Ends the exchange with the verdict of a policy. */
  settle(verdict: NonNullable<Verdict>): void;
}

/** Asks the policies in turn; the first verdict that is not undefined wins. Returns a promise only when a policy returns one. */
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
