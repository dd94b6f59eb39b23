import { Key } from '../language/key.js';
import { choice, flag } from '../language/kinds/choice.js';
import { method } from '../language/kinds/header.js';
import { list } from '../language/kinds/list.js';
import { hostPattern } from '../language/kinds/network.js';
import { pathPattern } from '../language/kinds/path-pattern.js';
import { headerMatches, queryMatches, type ValueMatch } from '../language/kinds/value-match.js';

/** Which requests a route takes: all that is written must hold; what is not written always does. */
export class MatchConfig {
  @Key(list(hostPattern), {
    doc: 'Hosts, without ports: exact, or `*.` and a domain for all names below it (not the domain itself). Empty = any.',
  })
  hosts: string[] = [];

  @Key(list(pathPattern, { orSingle: true }), {
    doc: 'A path, or a list of them: exact (`/orders`), a prefix (`/orders/*`, which takes `/orders` too), or with `:name` segments. Looked at in its normalised form, so that no spelling evades a route. Empty = any.',
  })
  path: string[] = [];

  @Key(list(method), { doc: 'Request methods; spelling in lower case is taken too. Empty = any.' })
  methods: string[] = [];

  @Key(headerMatches, {
    doc: 'Header fields: a text (exact), `{ pattern: "^v[0-9]+$" }` or `{ present: true }`. Names in any case. YAML numbers need quotes. A pattern is matched anywhere in the value unless it is anchored (`^`, `$`), in time that is linear in the value; back references and look-around, which a linear engine cannot match, are refused.',
  })
  headers: Map<string, ValueMatch> = new Map();

  @Key(queryMatches, { doc: 'Query parameters, in the same forms as `headers`.' })
  query: Map<string, ValueMatch> = new Map();

  @Key(flag, {
    doc: 'Whether upper and lower case differ in `path` (escapes are decoded first; what parameters take keeps its case). `false` where the backend takes `/ADMIN` for `/admin`.',
    defaultText: 'that of `routing`',
  })
  declare caseSensitive?: boolean;

  @Key(choice('exact', 'ignore'), {
    doc: 'Whether a slash at the end of a path makes it another one: `exact`, or `ignore` for backends that take `/admin/` for `/admin`. A prefix (`/admin/*`) takes both.',
    defaultText: 'that of `routing`',
  })
  declare trailingSlash?: 'exact' | 'ignore';
}
