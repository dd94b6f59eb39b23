import type { FallbackConfig } from '../../config/file/fallback.config.js';
import { fieldValueOf } from '../../http/field-value.js';
import type { GatewayError } from '../../http/gateway-error.js';
import { problemResponse, type LocalResponse } from '../../http/problem.js';
import { removeFields } from '../../http/request-head.js';
import type { Exchange } from '../exchange.js';
import { FixedPlan } from './local-plans.js';
import type { ForwardRoute } from './route-plan.js';

/** What a client gets where the gateway would answer for an upstream with 502, 503 or 504: a response, or what another upstream makes of it. */
export type Fallback = FallbackResponse | FallbackUpstream;

/** True for an error that a fallback stands in for. */
export function isOutage({ status }: GatewayError): boolean {
  return status === 502 || status === 503 || status === 504;
}

/** Another upstream that takes the request. */
export interface FallbackUpstream {
  readonly kind: 'upstream';
  readonly route: ForwardRoute;
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

  /** Without a `body` it is the problem document for the error, with the status and headers that are configured. */
  respond(exchange: Exchange, error: GatewayError): LocalResponse {
    if (this.#fixed !== undefined) {
      const response = this.#fixed.respond(exchange);
      response.headers.push('X-Gateway-Error', error.code);
      return response;
    }
    const response = problemResponse(error.with(this.#status, error.headers), exchange.id);
    removeFields(response.headers, this.#names);
    response.headers.push(...this.#headers);
    return response;
  }
}
