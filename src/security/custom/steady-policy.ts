import { Logger } from '@nestjs/common';
import { GatewayError } from '../../http/gateway-error.js';
import type { Foreseen, PolicyContext, RequestPolicy, Verdict } from '../policy.js';
import { thrownVerdict } from '../thrown-verdict.js';

/**
 * Wraps a custom policy so that its errors do no harm: a verdict may be thrown, as a `GatewayError` or an `HttpException`; another error that
 * it throws is logged and answered with 500.
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
      if (verdict === undefined) return undefined;
      if (!(verdict instanceof Promise)) return this.#named(verdict);
      return verdict.then(
        later => this.#named(later),
        (error: unknown) => this.#verdictOn(error),
      );
    } catch (error) {
      return this.#verdictOn(error);
    }
  }

  foresee(request: PolicyContext): Foreseen | Promise<Foreseen> {
    if (this.policy.foresee !== undefined) return this.policy.foresee(request);
    return { verdict: 'unknown', says: [`${this.name} is a policy of your own, without a foresee() that tells`] };
  }

  #checkBody(request: PolicyContext, body: Buffer): Verdict {
    try {
      return this.#named(this.policy.checkBody?.(request, body));
    } catch (error) {
      return this.#verdictOn(error);
    }
  }

  #verdictOn(error: unknown): GatewayError {
    const verdict = thrownVerdict(error);
    if (verdict !== undefined) return this.#because(verdict);
    this.#logger.error(error instanceof Error ? error : String(error));
    const failed = `policy ${this.name} failed`;
    return new GatewayError('INTERNAL', 'The gateway could not handle the request.', failed).because(failed, {
      policy: this.name,
    });
  }

  /** The log and the metrics know a policy by its name in the configuration, not by a name that it gives itself. */
  #named(verdict: Verdict): Verdict {
    return verdict instanceof GatewayError ? this.#because(verdict) : verdict;
  }

  #because(error: GatewayError): GatewayError {
    return error.because(`policy ${this.name}: ${error.cause}`, { policy: this.name });
  }
}
