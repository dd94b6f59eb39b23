import { preflightMethod } from '../cors/preflight.js';
import type { PolicyContext, RequestPolicy, Verdict } from '../policy.js';

/** Applies a policy to all requests except CORS preflights: the browser sends them, without the method and fields of the page's request. */
export class ExceptPreflights implements RequestPolicy {
  constructor(private readonly policy: RequestPolicy) {}

  check(request: PolicyContext): Verdict | Promise<Verdict> {
    return preflightMethod(request) === undefined ? this.policy.check(request) : undefined;
  }
}
