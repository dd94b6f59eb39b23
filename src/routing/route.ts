import type { IncomingHttpHeaders } from 'node:http';
import type { Pattern } from '../patterns/pattern.js';

/** What a header or query parameter must be like. `pattern` is searched for, so anchor it when the whole value is meant. */
export type ValueMatch =
  | { readonly kind: 'exact'; readonly value: string }
  | { readonly kind: 'pattern'; readonly pattern: Pattern }
  | { readonly kind: 'present'; readonly present: boolean };

/** Which requests a route is for. Empty means any. */
export interface MatchDefinition {
  /** Names, or `*.name` for one or more labels below it. */
  readonly hosts: readonly string[];
  /** Any of them: exact, `:param` segments, `/*` at the end for a prefix. */
  readonly path: readonly string[];
  /** Upper case. */
  readonly methods: readonly string[];
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, ValueMatch>;
  readonly query: ReadonlyMap<string, ValueMatch>;
  /** Upper and lower case differ in the path. Default: true. */
  readonly caseSensitive?: boolean | undefined;
  /** A slash at the end of the path makes it another one. Default: `exact`. */
  readonly trailingSlash?: 'exact' | 'ignore' | undefined;
}

/** How the path is changed for the backend. One of the three. */
export interface RewriteDefinition {
  readonly stripPrefix?: string | undefined;
  readonly replacePrefix?: readonly [from: string, to: string] | undefined;
  readonly path?: string | undefined;
}

/** One entry of `routes` in the configuration, as far as routing needs it. */
export interface RouteDefinition {
  readonly name: string;
  readonly match: MatchDefinition;
  readonly upstream?: string | undefined;
  readonly split?: readonly { readonly upstream: string; readonly weight: number }[] | undefined;
  readonly redirect?: { readonly to: string; readonly status: number } | undefined;
  readonly respond?: { readonly status: number } | undefined;
  readonly rewrite?: RewriteDefinition | undefined;
}

/** The parts of a request that routing looks at. */
export interface RouteQuery {
  readonly method: string;
  /** As `parseHost` gives it; empty when the request has none. */
  readonly host: string;
  /** As `routingPath` of `http/path.ts` gives it. */
  readonly routingPath: string;
  /** Without its `?`. */
  readonly query: string | undefined;
  readonly headers: Readonly<IncomingHttpHeaders>;
}
