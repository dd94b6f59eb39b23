import type { HeaderRules } from '../../http/header-rules.js';
import { RawHeaders } from '../../fields/raw-headers.js';
import type { RequestHead } from '../../http/request-head.js';
import type { RouteMatch } from '../../routing/compiled-route.js';
import type { CredentialFields } from '../../security/credential-fields.js';
import type { LiveBackend } from '../../upstream/live-backend.js';
import type { TraceCarrier } from '../../tracing/exchange-trace.js';
import { RequestBody } from '../client/request-body.js';
import type { ForwardRequest } from '../forwarder/forwarder.js';
import type { Target } from '../target/target.js';
import type { ExchangeView } from './exchange-view.js';
import type { EffectiveTimeouts, ForwardRoute } from './forward-route.js';
import { forwardingHeaders } from './forwarding-headers.js';

/** A route that leads to one upstream, or to one of several by weight. */
export class ForwardPlan {
  readonly kind = 'forward';

  constructor(
    /** Chooses the upstream of an exchange. */
    readonly next: (match: RouteMatch) => ForwardRoute,
    /** The one that `next` would choose, without moving on. */
    readonly upcoming: (match: RouteMatch) => ForwardRoute,
    /** The route has a rewrite; without one every byte of the path stays as it is. */
    private readonly rewrites: boolean,
    readonly requestRules: HeaderRules | undefined,
    private readonly credentials: CredentialFields,
  ) {}

  /** The request as it goes to a backend, with the body as this attempt is to carry it, and in its trace. */
  request(
    exchange: ExchangeView,
    target: Target,
    backend: LiveBackend,
    body: RequestBody | Buffer | undefined,
    timeouts: EffectiveTimeouts,
    trace: TraceCarrier | undefined,
  ): ForwardRequest {
    const headers = forwardingHeaders(exchange);
    trace?.inject(headers);
    headers[1] =
      target.hostHeader === 'preserve'
        ? // A client of HTTP/1.0 may name none, and our own message must.
          exchange.location.authority || backend.url.host
        : target.hostHeader === 'backend'
          ? backend.url.host
          : target.hostHeader;
    frame(headers, exchange.head, body);
    exchange.editRequest(headers);
    this.requestRules?.apply(headers);
    // The backend sends back what it gets, what the rules have set as well (RFC 9110 §9.3.8).
    if (exchange.method === 'TRACE') RawHeaders.removeAll(headers, this.credentials);
    const path = this.rewrites ? rewritten(exchange) : exchange.location.forwardedPath;
    return {
      method: exchange.method,
      path: exchange.query === undefined ? path : `${path}?${exchange.query}`,
      headers,
      body,
      upgrade: exchange.upgrade?.protocol,
      ownConnection: exchange.wantsEvents,
      tie: exchange.tie,
      expectsContinue: exchange.expectsContinue,
      acceptsTrailers: exchange.acceptsTrailers,
      connectTimeout: timeouts.connect,
      responseTimeout: timeouts.response,
      idleTimeout: timeouts.idle,
      message: exchange.message,
    };
  }
}

/** Makes the fields fit the body as it is sent: one that came in chunks may be whole by now, and then has a length and no trailers. */
function frame(headers: RawHeaders, head: RequestHead, body: RequestBody | Buffer | undefined): void {
  const chunked = body instanceof RequestBody && body.length === undefined;
  if (head.announcesTrailers && !chunked) RawHeaders.remove(headers, 'trailer');
  if (head.chunked && Buffer.isBuffer(body)) headers.push('Content-Length', String(body.length));
}

function rewritten(exchange: ExchangeView): string {
  const { match, forwardedPath, routingPath } = exchange.location;
  return match?.route.rewrite?.apply(match.pattern, { raw: forwardedPath, routing: routingPath }) ?? forwardedPath;
}
