import type { Authority } from '../http/host.js';
import type { RouteMatch } from '../routing/compiled-route.js';
import type { PlannedRoute, RoutePlan } from './plan/route-plan.js';

/** What a request asks for, and the route that is found by it. The locator writes it, once; a redirect of the listener leaves the route again. */
export class Location {
  /** The path as the client spelled it, without the query. */
  path = '';
  /** Without its `?`; undefined when there was none. */
  query: string | undefined;
  /** The authority that the client asked for, as it spelled it: the Host field, or the target's in absolute form. */
  authority = '';
  /** In lower case, without the port. */
  host = '';
  /** The port that the client named with the host; empty when it named none. */
  hostPort = '';
  /** The normalised path that the route was found by. */
  routingPath = '';
  /** The path after the normalisation that the configuration asks for: what is forwarded where no rewrite applies. */
  forwardedPath = '';
  match: RouteMatch<PlannedRoute> | undefined;
  plan: RoutePlan | undefined;

  /** Takes the host, and the port, that the client asks for. */
  asksFor({ host, port }: Authority): void {
    this.host = host;
    this.hostPort = port;
  }

  /** It is answered by no route: none gives its name, or what it does to fields. */
  leaveRoute(): void {
    this.match = undefined;
    this.plan = undefined;
  }
}
