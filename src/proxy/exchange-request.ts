import type { IncomingHttpHeaders } from 'node:http';
import type { ClientMessage } from './client/client-message.js';
import type { Exchange } from './exchange.js';

/** The route of an exchange, as guards and interceptors see it. */
export interface ExchangeRoute {
  /** Its `name` in the configuration. */
  readonly name: string;
  /** The upstream that it leads to; undefined where it leads to none, or to one of several. */
  readonly upstream: string | undefined;
}

/** What carries an exchange: its request. */
export interface OfExchange {
  readonly exchange: Exchange;
}

/**
 * What `ExecutionContext.switchToHttp().getRequest()` gives for an exchange, over HTTP/1.1 and HTTP/2: the names that Express and Fastify have
 * in common. Made only where the application has a guard, an interceptor or a filter that asks for it. Properties that these set on it
 * (`request.user`) stay for the whole exchange.
 */
export class ExchangeRequest {
  /** Made for each exchange. @internal */
  constructor(/** @internal */ readonly exchange: Exchange) {}

  /** The request id: the trusted proxy's, or made by the gateway. */
  get id(): string {
    return this.exchange.id;
  }

  /** The method, as the client wrote it. */
  get method(): string {
    return this.exchange.method;
  }

  /** Path and query as the client spelled them. */
  get url(): string {
    const { path, query } = this.exchange;
    return query === undefined ? path : `${path}?${query}`;
  }

  /** The target as the client wrote it: path and query. */
  get originalUrl(): string {
    return this.url;
  }

  /** The path as the client spelled it, without the query. */
  get path(): string {
    return this.exchange.path;
  }

  /** Query parameters; of several of one name, a list. */
  get query(): Readonly<Record<string, string | string[]>> {
    const query: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>;
    for (const [name, value] of new URLSearchParams(this.exchange.query ?? '')) {
      const before = query[name];
      query[name] = before === undefined ? value : [...(typeof before === 'string' ? [before] : before), value];
    }
    return query;
  }

  /** The header fields by lower-case name, as Node has them. */
  get headers(): Readonly<IncomingHttpHeaders> {
    return this.exchange.headers;
  }

  /** The client's address, found through the trusted proxies. */
  get ip(): string {
    return this.exchange.clientIp;
  }

  /** The host that the client asked for: lower case, without the port. */
  get hostname(): string {
    return this.exchange.host;
  }

  /** The scheme that the client used, as Express and Fastify call it; `exchange.protocol` says `http`, `sse` or `websocket`. */
  get protocol(): 'http' | 'https' {
    return this.exchange.scheme;
  }

  /** `1.0`, `1.1` or `2.0`. */
  get httpVersion(): string {
    return this.exchange.httpVersion;
  }

  /** The client's message. Its body belongs to the gateway: a guard that reads it takes it away from the backend. */
  get raw(): ClientMessage {
    return this.exchange.message;
  }

  /** Undefined: no route fits, and the answer will be 404. */
  get route(): ExchangeRoute | undefined {
    const { match } = this.exchange.location;
    if (match === undefined) return undefined;
    const { name, upstream } = match.route.definition;
    return { name, upstream };
  }

  /** A header field, by its name in any case. */
  get(name: string): string | string[] | undefined {
    return this.headers[name.toLowerCase()];
  }

  /** The value of a header field; undefined: the request has none. Names are compared without regard to case. */
  header(name: string): string | string[] | undefined {
    return this.get(name);
  }
}
