import type { TrustedProxies } from '../http/client-address.js';
import { UNIX_PEER } from '../http/client-address.js';
import type { ListenerInfo } from '../proxy/client/listener-info.js';
import { Http1Message } from '../proxy/client/http1-message.js';
import type { Exchange } from '../proxy/exchange.js';
import { Exchanges, lastExchangeOn } from '../proxy/exchanges.js';
import type { LiveRules } from '../proxy/live-rules.js';
import type { Overload } from '../proxy/overload.js';
import type { Tracing } from '../tracing/tracing.js';
import type { Question } from './question.js';
import { SilentConnection } from './silent-connection.js';

/** What exchanges that exist only in thought tell: nothing. */
const noLog = { readsResponses: false, write: (): void => undefined };
const noTraces = { closed: (): void => undefined };
const noMetrics = { opened: (): void => undefined, closed: (): void => undefined };

/** What the gateway has read of a request that is asked about. */
export interface AskedRequest {
  /** Only the explanation uses it, and may change it: it is never dispatched. */
  readonly exchange: Exchange;
  /** Its head was refused: `exchange.error` says why. */
  readonly isRefused: boolean;
  /** Gives back what was taken for it. */
  close(): void;
}

/** Reads requests that are asked about by the same code that reads those of clients: nothing is sent, counted or logged. */
export class AskedRequests {
  readonly #exchanges: Exchanges;

  constructor(
    rules: Pick<LiveRules, 'current'>,
    trusted: TrustedProxies,
    overload: Pick<Overload, 'isOver'>,
    tracing: Pick<Tracing, 'begin'>,
  ) {
    const thought = { begin: (exchange: Exchange) => tracing.begin(exchange, noTraces) };
    this.#exchanges = new Exchanges(rules, trusted, overload, noLog, noMetrics, undefined, thought);
  }

  read({ authority, headers, ip, method, target }: Question, listener: ListenerInfo): AskedRequest {
    const connection = new SilentConnection(ip ?? (listener.unix ? UNIX_PEER : '127.0.0.1'));
    const { socket } = connection;
    const namesHost = headers.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
    const fields = namesHost ? [...headers] : ['Host', authority ?? 'localhost', ...headers];
    const message = new Http1Message(method, target, fields, 1, false, socket, connection);
    const isRefused = this.#exchanges.begin(message, connection, listener) === undefined;
    const exchange = lastExchangeOn(socket)!;
    return { exchange, isRefused, close: () => this.#exchanges.over(socket, true) };
  }

  /** The protocol that its connection may be switched to; undefined: it is answered without an upgrade. */
  upgradeOf(exchange: Exchange): string | undefined {
    return this.#exchanges.upgradeOf(exchange);
  }
}
