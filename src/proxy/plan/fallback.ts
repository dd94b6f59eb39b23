import type { FallbackConfig } from '../../config/file/fallback.config.js';
import { fieldValueOf } from '../../http/field-value.js';
import type { GatewayError } from '../../http/gateway-error.js';
import { problemResponse, type LocalResponse } from '../../http/problem.js';
import { RawHeaders } from '../../fields/raw-headers.js';
import { FixedPlan } from './local-plans.js';
import type { HeaderRules } from '../../http/header-rules.js';

/** True for an error that a fallback stands in for. */
export function isOutage({ status }: GatewayError): boolean {
  return status === 502 || status === 503 || status === 504;
}

/** A response of the gateway's own; `X-Gateway-Error` tells it from a backend's. */
export class FallbackResponse {
  readonly kind = 'response';
  readonly #fixed: FixedPlan | undefined;
  readonly #status: number;
  readonly #headers: readonly string[];
  /** Their names in lower case. */
  readonly #names: ReadonlySet<string>;

  constructor({ status, headers, body }: Pick<FallbackConfig, 'status' | 'headers' | 'body'>) {
    this.#status = status;
    this.#headers = [...headers].flatMap(([name, value]) => [name, fieldValueOf(value)]);
    this.#names = new Set([...headers.keys()].map(name => name.toLowerCase()));
    if (body !== undefined) this.#fixed = new FixedPlan(status, headers, body);
  }

  /** `id`: of the request; `rules`: what its route does to the fields of responses. Without a `body` it is the problem document for the error, with the status and headers that are configured. */
  respond(id: string, error: GatewayError, rules: HeaderRules | undefined): LocalResponse {
    if (this.#fixed !== undefined) {
      const response = this.#fixed.respond(undefined, rules);
      response.headers.push('X-Gateway-Error', error.code);
      return response;
    }
    const response = problemResponse(error.with(this.#status, error.headers), id);
    RawHeaders.removeAll(response.headers, this.#names);
    response.headers.push(...this.#headers);
    return response;
  }
}
