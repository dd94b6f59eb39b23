import { Block, Key, ListOf } from '../language/key.js';
import { flag } from '../language/kinds/choice.js';
import { list } from '../language/kinds/list.js';
import { namedChoice, type NamedChoice } from '../language/kinds/named-choice.js';
import { integer } from '../language/kinds/number.js';
import { label, name } from '../language/kinds/text.js';
import { MatchConfig } from './match.config.js';
import { Overrides } from '../language/overrides.js';
import { RouteHeadersConfig } from './header-rules.config.js';
import { RetriesConfig } from './retries.config.js';
import { MirrorConfig, RedirectConfig, RespondConfig, RewriteConfig, SplitConfig } from './route-action.config.js';
import { RouteSecurityConfig } from './security.config.js';
import { SseConfig } from './sse.config.js';
import { TimeoutsConfig } from './upstream.config.js';
import { WebSocketConfig } from './websocket.config.js';

const transformer = namedChoice('transformer');

const ofUpstream = 'that of the upstream';
const ofGateway = 'that of the top-level block';

/** Timeouts of one route: only what it overrides is there, so `{ ...upstream.timeouts, ...route.timeouts }` is what holds. */
class RouteTimeoutsConfig extends Overrides(TimeoutsConfig, ofUpstream) {}

/** Retries of one route: only what it overrides is there. */
class RouteRetriesConfig extends Overrides(RetriesConfig, ofUpstream) {}

/** WebSocket settings of one route: only what it overrides is there. */
class RouteWebSocketConfig extends Overrides(WebSocketConfig, ofGateway) {}

/** Event stream settings of one route: only what it overrides is there. */
class RouteSseConfig extends Overrides(SseConfig, ofGateway) {}

/** What happens to requests that match. */
export class RouteConfig {
  @Key(label, { doc: 'What logs, metrics and the admin API call it. Must be unique.', defaultText: 'its path' })
  declare name: string;

  @Block(() => MatchConfig, {
    doc: 'Which requests it takes. Absent: all. Of several routes that match the most specific wins (unless `priority` says otherwise): host, then path, then method and headers; on a tie the first in the file.',
  })
  match: MatchConfig = new MatchConfig();

  @Key(integer(-1_000_000, 1_000_000), {
    doc: 'Routes with a higher priority are tried first, however specific the others are; between routes of one priority the most specific wins. For what specificity cannot settle: of a route by path and one by host, the one that is to win. The trap: a wide route with a priority takes the requests of narrower ones; `gatehouse check` warns of routes that no request reaches.',
  })
  priority: number = 0;

  @Key(name, {
    doc: 'Name of the upstream that the requests go to. Exactly one of `upstream`, `split`, `redirect` and `respond`.',
  })
  declare upstream?: string;

  @ListOf(() => SplitConfig, {
    min: 1,
    doc: 'Several upstreams that share the requests by weight: `[{ upstream: orders, weight: 95 }, { upstream: orders-canary, weight: 5 }]`.',
  })
  declare split?: SplitConfig[];

  @Block(() => RedirectConfig, { doc: 'Sends the client elsewhere.' })
  declare redirect?: RedirectConfig;

  @Block(() => RespondConfig, { doc: 'Answers without a backend.' })
  declare respond?: RespondConfig;

  @Block(() => RewriteConfig, {
    doc: 'How the path changes on its way to the backend. Absent: it is passed on byte by byte.',
  })
  declare rewrite?: RewriteConfig;

  @Block(() => RouteHeadersConfig, { doc: 'Header fields that are set, added or removed.' })
  headers: RouteHeadersConfig = new RouteHeadersConfig();

  @Block(() => RouteTimeoutsConfig, { doc: 'Overrides the timeouts of the upstream, key by key.' })
  declare timeouts?: RouteTimeoutsConfig;

  @Block(() => RouteRetriesConfig, { doc: 'Overrides the retries of the upstream, key by key.' })
  declare retries?: RouteRetriesConfig;

  @Block(() => MirrorConfig, {
    doc: 'Sends copies of requests to another upstream and drops the answers. Absent: none.',
  })
  declare mirror?: MirrorConfig;

  @Key(list(transformer), {
    doc: 'Change requests and responses on their way, in this order: the name of a class with `@Transformer` that a module registers, or a block with `name` and its options, `{ name: mask, fields: [card] }`. Not with `redirect` and `respond`.',
  })
  transformers: NamedChoice[] = [];

  @Key(flag, {
    doc: 'Compresses responses with br, zstd or gzip, by the Accept-Encoding of the client. Never event streams, and nothing that is compressed already.',
  })
  compress: boolean = false;

  @Block(() => RouteSecurityConfig, {
    doc: 'The same shape as the top-level `security`; replaces it key by key for this route.',
  })
  declare security?: RouteSecurityConfig;

  @Block(() => RouteWebSocketConfig, {
    doc: 'The same shape as the top-level `websocket`; replaces it key by key for this route.',
  })
  declare websocket?: RouteWebSocketConfig;

  @Block(() => RouteSseConfig, { doc: 'The same shape as the top-level `sse`; replaces it key by key for this route.' })
  declare sse?: RouteSseConfig;
}
