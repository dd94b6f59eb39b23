import type { FallbackConfig } from '../config/fallback.config.js';
import type { GatewayError } from '../http/gateway-error.js';
import { problemResponse, type LocalResponse } from '../http/problem.js';
import type { Exchange } from './exchange.js';
import { FixedPlan } from './local-plans.js';
import type { ForwardRoute } from './route-plan.js';

/** What a client gets when no backend of an upstream may be used: a response, or what another upstream makes of it. */
export type Fallback = FallbackResponse | FallbackUpstream;

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

  constructor({ status, headers, body }: Pick<FallbackConfig, 'status' | 'headers' | 'body'>) {
    this.#status = status;
    this.#headers = [...headers].flat();
    if (body !== undefined) this.#fixed = new FixedPlan(status, headers, body);
  }

  /** Without a `body` it is the problem document for the error, with the status and headers that are configured. */
  respond(exchange: Exchange, error: GatewayError): LocalResponse {
    if (this.#fixed !== undefined) {
      const response = this.#fixed.respond(exchange);
      response.headers.push('X-Gateway-Error', error.code, 'X-Request-Id', exchange.id);
      return response;
    }
    const own = new Set(this.#headers.filter((_, index) => index % 2 === 0).map(name => name.toLowerCase()));
    const headers = [...this.#headers];
    for (let i = 0; i < error.headers.length; i += 2) {
      if (!own.has(error.headers[i]!.toLowerCase())) headers.push(error.headers[i]!, error.headers[i + 1]!);
    }
    return problemResponse(error.with(this.#status, headers), exchange.id);
  }
}
