import { HttpException, Logger } from '@nestjs/common';
import { GatewayError } from '../../http/gateway-error.js';
import type { PolicyContext, RequestPolicy, Verdict } from '../policy.js';

/**
 * Wraps a custom policy so that its errors do no harm: an error that it throws is logged and answered with 500; an
 * `HttpException` is a denial with its status.
 */
export class SteadyPolicy implements RequestPolicy {
  /** Undefined when the policy does not check bodies, so that none is held for it. */
  readonly checkBody?: (request: PolicyContext, body: Buffer) => Verdict;
  readonly #logger = new Logger('Policy');

  constructor(
    /** The name in the configuration. */
    private readonly name: string,
    private readonly policy: RequestPolicy,
  ) {
    if (policy.checkBody !== undefined) this.checkBody = (request, body) => this.#checkBody(request, body);
  }

  check(request: PolicyContext): Verdict | Promise<Verdict> {
    try {
      const verdict = this.policy.check(request);
      return verdict instanceof Promise ? verdict.catch((error: unknown) => this.#verdictOn(error)) : verdict;
    } catch (error) {
      return this.#verdictOn(error);
    }
  }

  #checkBody(request: PolicyContext, body: Buffer): Verdict {
    try {
      return this.policy.checkBody?.(request, body);
    } catch (error) {
      return this.#verdictOn(error);
    }
  }

  #verdictOn(error: unknown): GatewayError {
    if (error instanceof HttpException) return new GatewayError('DENIED', error.message, undefined, error.getStatus());
    this.#logger.error(error instanceof Error ? error : String(error));
    return new GatewayError('INTERNAL', 'The gateway could not handle the request.', `policy ${this.name} failed`);
  }
}
