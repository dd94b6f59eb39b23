import { preflightMethod } from '../cors/preflight.js';
import type { PolicyContext, RequestPolicy, Verdict } from '../policy.js';

/** Lets CORS preflights pass: they are no request of the page's own, and carry neither its method nor its fields. */
export class ExceptPreflights implements RequestPolicy {
  constructor(private readonly policy: RequestPolicy) {}

  check(request: PolicyContext): Verdict | Promise<Verdict> {
    return preflightMethod(request) === undefined ? this.policy.check(request) : undefined;
  }
}
