import { Key } from '../language/key.js';
import { choice, flag } from '../language/kinds/choice.js';

/** How the paths of all routes are compared with those of requests. A route may say otherwise in its `match`. */
export class RoutingConfig {
  @Key(flag, {
    doc: 'Whether `/admin` and `/ADMIN` are two paths. Backends such as Express and IIS take them for one: a route that protects such a backend needs `false`, or `/ADMIN` goes by the next route that fits, past its policies.',
  })
  caseSensitive: boolean = true;

  @Key(choice('exact', 'ignore'), {
    doc: 'Whether `/admin` and `/admin/` are two paths (`exact`) or one (`ignore`). Express, Django, Rails and others take them for one: an exact path that protects such a backend needs `ignore`. A prefix (`/admin/*`) takes both in any case.',
  })
  trailingSlash: 'exact' | 'ignore' = 'exact';
}
