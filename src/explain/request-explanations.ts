import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import type { BearerToken } from '../admin/bearer-token.js';
import type { RawHeaders } from '../fields/raw-headers.js';
import { identify, introductionOf } from '../proxy/client/client-connection.js';
import type { ClientMessage } from '../proxy/client/client-message.js';
import { Http1Message } from '../proxy/client/http1-message.js';
import { Http1Responder } from '../proxy/client/http1-responder.js';
import { Exchange } from '../proxy/exchange.js';
import type { ExplainedRequests } from '../proxy/explained-requests.js';
import type { Releasable } from '../security/policy.js';
import type { Explainer } from './explainer.js';
import type { Explanation, Outcome } from './explanation.js';
import type { Explanations } from './explanations.js';
import { SilentConnection } from './silent-connection.js';

/** Wrong tokens that are compared in {@link guessing} milliseconds; more are not looked at: who can send requests is not to guess the admin token. */
const mostGuesses = 10;
const guessing = 10_000;

/**
 * Explains the real requests that carry the admin token in `X-Gateway-Explain`: each before its policies are asked, by a copy of its head, and again with
 * what has become of it when it is over. What it makes is kept in {@link Explanations}.
 */
export class RequestExplanations implements ExplainedRequests {
  readonly #explained = new WeakMap<Exchange, Promise<Explanation> | undefined>();
  #guesses = 0;
  #since = 0;

  constructor(
    private readonly explainer: Pick<Explainer, 'explainReal'>,
    private readonly explanations: Explanations,
    private readonly token: BearerToken,
    /** Where explanations are read: the address of the admin listener, or nothing where the system chooses its port. */
    private readonly address: string,
    private readonly log: Pick<Logger, 'error'>,
  ) {}

  opened(exchange: Exchange): void {
    if (!this.#isRight(exchange.head.explain ?? '')) return;
    this.#explained.set(exchange, undefined);
    exchange.setResponseHeader(
      'X-Gateway-Explanation',
      `${this.address}/explanations?id=${encodeURIComponent(exchange.id)}`,
    );
    exchange.onClose(new Finish(exchange, this));
  }

  delays(exchange: Exchange, goOn: () => void): boolean {
    if (!this.#explained.has(exchange)) return false;
    const made = this.explainer.explainReal(copyOf(exchange));
    this.#explained.set(exchange, made);
    void made
      .then(
        explanation => this.explanations.keep({ ...explanation, id: exchange.id }),
        (error: unknown) => this.log.error(error, 'a request could not be explained'),
      )
      .then(goOn);
    return true;
  }

  /** The exchange is over. */
  async finish(exchange: Exchange): Promise<void> {
    const outcome = outcomeOf(exchange);
    try {
      const made = this.#explained.get(exchange) ?? this.explainer.explainReal(exchange, true);
      this.explanations.keep({ ...(await made), id: exchange.id, outcome });
    } catch (error) {
      this.log.error(error, 'a request could not be explained');
    }
  }

  /** Compared in a time that does not depend on the token. */
  #isRight(given: string): boolean {
    const now = performance.now();
    if (now - this.#since > guessing) [this.#since, this.#guesses] = [now, 0];
    if (this.#guesses >= mostGuesses) return false;
    if (this.token.isIn(`Bearer ${given}`)) return true;
    this.#guesses++;
    return false;
  }
}

class Finish implements Releasable {
  constructor(
    private readonly exchange: Exchange,
    private readonly explanations: RequestExplanations,
  ) {}

  release(): void {
    void this.explanations.finish(this.exchange);
  }
}

function outcomeOf(exchange: Exchange): Outcome {
  const { attempts, backendId, error, errorCode, routeName, status, times, upstreamName } = exchange;
  return {
    status,
    error: errorCode,
    reason: error?.cause,
    route: routeName,
    upstream: upstreamName,
    backend: backendId,
    attempts,
    milliseconds: Math.round(performance.now() - times.openedAt),
  };
}

/** An exchange with the same head, client, route and certificate, which may be changed. Nothing is sent for it. */
function copyOf(exchange: Exchange): Exchange {
  const { client, head, id, listenerInfo, location, message, method, signature } = exchange;
  const connection = new SilentConnection(client.peer ?? 'unknown');
  const sketch = new Http1Message(method, '/', [], 1, false, connection.socket, connection);
  const responder = new Http1Responder(connection, sketch, false, listenerInfo);
  const view = new HeadAlone(message.headers, message.rawHeaders, message.httpVersion, connection.socket);
  const copy = new Exchange(id, method, head, listenerInfo, responder, view, client, signature);
  Object.assign(copy.location, location);
  copy.protocol = exchange.protocol;
  copy.responseDefaults = exchange.responseDefaults;
  copy.tie = exchange.tie;
  copy.upgrade = exchange.upgrade;
  copy.trace = exchange.trace;
  const certificate = introductionOf(message.socket)?.certificate;
  if (certificate !== undefined || head.claimsCertificate) identify(copy, {}, certificate);
  return copy;
}

/** The message of a request without its body. */
class HeadAlone implements ClientMessage {
  readonly destroyed = false;
  readonly readableFlowing = null;
  readonly complete = false;
  readonly rawTrailers: RawHeaders = [];

  constructor(
    readonly headers: IncomingHttpHeaders,
    readonly rawHeaders: RawHeaders,
    readonly httpVersion: string,
    readonly socket: Socket,
  ) {}

  on(): this {
    return this;
  }

  read(): null {
    return null;
  }

  pause(): void {}
  resume(): void {}
}
