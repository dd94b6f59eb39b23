import type { CredentialFields } from '../../security/credential-fields.js';
import type { HeaderRules } from '../../http/header-rules.js';
import type { PathPolicy } from '../../http/path-policy.js';
import type { LocalResponse } from '../../http/problem.js';
import type { RawHeaders } from '../../http/raw-headers.js';
import { removeFields, type RequestHead } from '../../http/request-head.js';
import type { RouteMatch } from '../../routing/compiled-route.js';
import type { RouteDefinition } from '../../routing/route.js';
import type { RequestPolicy } from '../../security/policy.js';
import type { StagedPolicy } from '../../security/policy-source.js';
import type { ResponseDefaults } from '../../security/response-defaults.js';
import type { LiveBackend } from '../../upstream/live-backend.js';
import type { Exchange } from '../exchange.js';
import type { EventStreamSettings } from '../lasting/event-streams.js';
import type { Fallback } from './fallback.js';
import type { ForwardRequest } from '../forwarder/forwarder.js';
import { forwardingHeaders } from './forwarding-headers.js';
import type { Mirror } from './mirror.js';
import { RequestBody } from '../client/request-body.js';
import type { RetryPolicy } from './retry-policy.js';
import type { RouteUpgrades } from './route-upgrades.js';
import type { Target } from '../target/target.js';

/** A route, compiled: all that an exchange needs once its route is known. */
export interface RoutePlan {
  readonly name: string;
  readonly action: ForwardPlan | LocalPlan;
  /** Checked before anything else is done, in this order. */
  readonly policies: readonly RequestPolicy[];
  /** The same with their stages. */
  readonly staged: readonly StagedPolicy[];
  /** Largest request body in bytes; 0 = no limit. */
  readonly maxBody: number;
  /** What is done to the path before it is forwarded. */
  readonly path: PathPolicy;
  /** False: fields with an underscore in their name, or what some servers take for one, are removed or refused. */
  readonly takesUnderscores: boolean;
  readonly responseRules: HeaderRules | undefined;
  /** Done to the fields of every response of the route, whoever makes it. */
  readonly responseDefaults: ResponseDefaults | undefined;
  /** Those of the policies that look at the whole body. */
  readonly bodyPolicies: readonly RequestPolicy[];
  readonly mirror: Mirror | undefined;
  readonly upgrades: RouteUpgrades;
  readonly sse: EventStreamSettings;
  /** What no answer to a TRACE may show. */
  readonly credentials: CredentialFields;
}

/** What the route table is made of: a route as the configuration has it, with its plan. */
export interface PlannedRoute extends RouteDefinition {
  readonly plan: RoutePlan;
}

/** A route that the gateway answers itself: a redirect or a fixed response. */
export interface LocalPlan {
  readonly kind: 'local';
  respond(exchange: Exchange): LocalResponse;
}

/** Milliseconds; what the route says, else what its upstream says. */
export interface EffectiveTimeouts {
  /** 0 = the upstream's. */
  readonly connect: number;
  readonly response: number;
  readonly idle: number;
}

/** An upstream with what holds for a route's requests to it. */
export interface ForwardRoute {
  readonly target: Target;
  readonly timeouts: EffectiveTimeouts;
  readonly retries: RetryPolicy;
  /** Undefined: a problem document. */
  readonly fallback: Fallback | undefined;
}

/** A route that leads to one upstream, or to one of several by weight. */
export class ForwardPlan {
  readonly kind = 'forward';

  constructor(
    /** Chooses the upstream of an exchange. */
    readonly next: (match: RouteMatch<PlannedRoute>) => ForwardRoute,
    /** The route has a rewrite; without one every byte of the path stays as it is. */
    private readonly rewrites: boolean,
    readonly requestRules: HeaderRules | undefined,
    private readonly credentials: CredentialFields,
  ) {}

  /** The request as it goes to a backend, with the body as this attempt is to carry it. */
  request(
    exchange: Exchange,
    target: Target,
    backend: LiveBackend,
    body: RequestBody | Buffer | undefined,
    timeouts: EffectiveTimeouts,
  ): ForwardRequest {
    const headers = forwardingHeaders(exchange);
    headers[1] =
      target.hostHeader === 'preserve'
        ? // A client of HTTP/1.0 may name none, and our own message must.
          exchange.authority || backend.url.host
        : target.hostHeader === 'backend'
          ? backend.url.host
          : target.hostHeader;
    frame(headers, exchange.head, body);
    exchange.editRequest(headers);
    this.requestRules?.apply(headers);
    // The backend sends back what it gets, what the rules have set as well (RFC 9110 §9.3.8).
    if (exchange.method === 'TRACE') removeFields(headers, this.credentials);
    const path = this.rewrites ? rewritten(exchange) : exchange.forwardedPath;
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
      raw: exchange.raw,
    };
  }
}

const trailerField: ReadonlySet<string> = new Set(['trailer']);

/** Makes the fields fit the body as it is sent: one that came in chunks may be whole by now, and then has a length and no trailers. */
function frame(headers: RawHeaders, head: RequestHead, body: RequestBody | Buffer | undefined): void {
  const chunked = body instanceof RequestBody && body.length === undefined;
  if (head.announcesTrailers && !chunked) removeFields(headers, trailerField);
  if (head.chunked && Buffer.isBuffer(body)) headers.push('Content-Length', String(body.length));
}

function rewritten(exchange: Exchange): string {
  const { match, forwardedPath, routingPath } = exchange;
  return match?.route.rewrite?.apply(match.pattern, { raw: forwardedPath, routing: routingPath }) ?? forwardedPath;
}
