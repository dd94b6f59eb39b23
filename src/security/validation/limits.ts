import { formatSize } from '../../config/language/kinds/size.js';
import type { GatewayError } from '../../http/gateway-error.js';
import { bodyTooLarge, denial } from '../denial.js';
import type { PolicyContext, RequestPolicy, Verdict } from '../policy.js';

/** Refuses methods that are not listed with 405 and `Allow` (RFC 9110 §15.5.6). */
export class AllowedMethods implements RequestPolicy {
  readonly #denied: GatewayError;

  constructor(private readonly methods: readonly string[]) {
    const allow = methods.join(', ');
    const detail = `The method is not allowed here; allowed: ${allow}.`;
    this.#denied = denial('method', `not of ${allow}`, { status: 405, detail, headers: ['Allow', allow] });
  }

  check(request: PolicyContext): Verdict {
    return this.methods.includes(request.method) ? undefined : this.#denied;
  }
}

/**
 * Refuses a body whose declared length is over the limit before a byte of it is forwarded. Bodies that declare no length
 * are counted while they stream.
 */
export class DeclaredLength implements RequestPolicy {
  readonly #denied: GatewayError;

  /** `limit` in bytes. */
  constructor(private readonly limit: number) {
    this.#denied = bodyTooLarge(limit, formatSize(limit));
  }

  check(request: PolicyContext): Verdict {
    const declared = request.headers['content-length'];
    return declared !== undefined && Number(declared) > this.limit ? this.#denied : undefined;
  }
}
