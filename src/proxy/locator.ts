import { formatSize } from '../config/language/kinds/size.js';
import { GatewayError } from '../http/gateway-error.js';
import { parseHost } from '../http/host.js';
import { isPlain, routingPath, splitTarget } from '../http/path.js';
import type { RequestHead } from '../http/request-head.js';
import type { Http1Message } from './client/http1-message.js';
import type { Http2Head } from './client/http2-head.js';
import type { Exchange } from './exchange.js';
import { noExpectation, noMethod, noProtocol, refusals, tooLong, tooManyFields } from './plan/refusals.js';
import type { RouteMatch } from '../routing/compiled-route.js';
import type { PlannedRoute } from './plan/route-plan.js';
import type { RoutePlans } from './plan/route-plans.js';

/** Limits of a request's head: `security.validation`. Sizes in bytes. */
export interface HeadLimits {
  readonly maxUrl: number;
  readonly maxHeaders: number;
  readonly maxHeaderSize: number;
}

/** Finds host, path and route of a request; or why it is refused. */
export class Locator {
  readonly #tooLong: GatewayError;
  readonly #tooMany: GatewayError;
  readonly #tooMuch: GatewayError;

  constructor(
    private readonly plans: RoutePlans,
    private readonly limits: HeadLimits,
  ) {
    const { maxHeaderSize, maxHeaders, maxUrl } = limits;
    this.#tooLong = tooLong(`validation.maxUrl ${formatSize(maxUrl)}`);
    this.#tooMany = tooManyFields(`validation.maxHeaders ${maxHeaders}`);
    this.#tooMuch = tooManyFields(`validation.maxHeaderSize ${formatSize(maxHeaderSize)}`);
  }

  /** Finds host, path and route; or why the message is refused. `to`: the route that takes it, with any path. */
  locate(
    exchange: Exchange,
    { minor, target: url }: Pick<Http1Message, 'minor' | 'target'>,
    to?: RouteMatch<PlannedRoute>,
  ): GatewayError | undefined {
    const { head, location } = exchange;
    if (exchange.method === 'CONNECT') return noMethod;
    const tooLarge = this.#tooLarge(url, head);
    if (tooLarge !== undefined) return tooLarge;
    const target = splitTarget(url);
    if (target === undefined) return refusals.target;
    location.path = target.path;
    location.query = target.query;
    if (target.path === '*' && exchange.method !== 'OPTIONS') return refusals.target;
    if (head.hosts > 1 || (head.hosts === 0 && minor !== 0)) return refusals.host;
    location.authority = target.authority ?? head.host ?? '';
    const authority = parseHost(location.authority);
    if (authority !== undefined) location.asksFor(authority);
    else if (head.hosts > 0 || target.authority !== undefined) return refusals.host;
    if (head.transferEncoding !== undefined) {
      if (minor === 0) return refusals.framing;
      if (head.transferEncoding.toLowerCase() !== 'chunked') return refusals.encoding;
    }
    return this.#route(exchange, to);
  }

  /** The same for a request on an HTTP/2 stream. */
  locateStream(exchange: Exchange, request: Http2Head): GatewayError | undefined {
    const { head, location } = exchange;
    const { method, path, scheme } = request;
    const tooLarge = this.#tooLarge(path, head);
    if (tooLarge !== undefined) return tooLarge;
    if (method === 'CONNECT' && request.protocol === undefined) return noMethod;
    if (method !== 'CONNECT' && request.protocol !== undefined) return refusals.target;
    const target = path === '*' || path.startsWith('/') ? splitTarget(path) : undefined;
    if (target === undefined) return refusals.target;
    location.path = target.path;
    location.query = target.query;
    if (path === '*' && method !== 'OPTIONS') return refusals.target;
    // A trusted proxy may send the scheme of its own client, whether or not it connects over TLS itself.
    const isKnown =
      scheme === exchange.scheme || (exchange.client.peerTrusted && (scheme === 'http' || scheme === 'https'));
    if (!isKnown) return refusals.scheme;
    if (request.ambiguous || request.authority === undefined) return refusals.host;
    location.authority = request.authority;
    const authority = parseHost(request.authority);
    if (authority === undefined) return refusals.host;
    location.asksFor(authority);
    if (head.connection !== undefined || head.transferEncoding !== undefined) return refusals.fields;
    if (head.expect !== undefined && exchange.responder.withholdsContinue !== true) return noExpectation;
    // A body without a length is one that HTTP/1.1 has to chunk.
    if (request.protocol === undefined) {
      if (!exchange.message.complete && head.contentLength === undefined) head.transferEncoding = 'chunked';
      return this.#route(exchange);
    }
    if (head.contentLength !== undefined) return refusals.fields;
    const refusal = this.#route(exchange);
    if (refusal !== undefined || location.plan === undefined) return refusal;
    return location.plan.upgrades.find(request.protocol) === undefined ? noProtocol : undefined;
  }

  #tooLarge(url: string, head: RequestHead): GatewayError | undefined {
    const { limits } = this;
    if (url.length > limits.maxUrl) return this.#tooLong;
    if (head.count > limits.maxHeaders) return this.#tooMany;
    return head.size > limits.maxHeaderSize ? this.#tooMuch : undefined;
  }

  #route(exchange: Exchange, to?: RouteMatch<PlannedRoute>): GatewayError | undefined {
    const { location } = exchange;
    const { contentLength } = exchange.head;
    // Beyond that, what is sent on would be another number.
    if (contentLength !== undefined && Number(contentLength) > Number.MAX_SAFE_INTEGER) return refusals.length;
    const { path } = location;
    const plain = isPlain(path);
    location.routingPath = plain ? path : routingPath(path);
    if (plain) {
      location.match = to ?? this.plans.match(exchange);
      location.plan = location.match?.route.definition.plan;
      location.forwardedPath = path;
      return undefined;
    }
    // A path that is not plain other servers may read as another one.
    const found = this.plans.guard(exchange, path, to ?? this.plans.match(exchange), to !== undefined);
    if (found instanceof GatewayError) return found;
    location.match = found.match;
    location.plan = found.plan;
    location.forwardedPath = found.path;
    return undefined;
  }
}
