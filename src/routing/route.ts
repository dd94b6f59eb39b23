import type { IncomingHttpHeaders } from 'node:http';
import type { Pattern } from '../patterns/pattern.js';

/** The condition on a header or query parameter. `pattern` may match anywhere in the value, so anchor it to match the whole value. */
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

/** How the path is changed for the backend: exactly one of the three. */
export interface RewriteDefinition {
  readonly stripPrefix?: string | undefined;
  readonly replacePrefix?: readonly [from: string, to: string] | undefined;
  readonly path?: string | undefined;
}

/** The part of an entry of `routes` in the configuration that routing needs. */
export interface RouteDefinition {
  readonly name: string;
  readonly match: MatchDefinition;
  /** Routes with a higher one are tried first, however specific the others are. Default: 0. */
  readonly priority?: number | undefined;
  readonly upstream?: string | undefined;
  readonly split?: readonly { readonly upstream: string; readonly weight: number }[] | undefined;
  readonly redirect?: { readonly to: string; readonly status: number } | undefined;
  readonly respond?: { readonly status: number } | undefined;
  readonly rewrite?: RewriteDefinition | undefined;
}

/** The parts of a request that routing uses. */
export interface RouteQuery {
  readonly method: string;
  /** The result of `parseHost`; empty when the request has no host. */
  readonly host: string;
  /** The result of `routingPath` of `http/path.ts`. */
  readonly routingPath: string;
  /** Without its `?`. */
  readonly query: string | undefined;
  readonly headers: Readonly<IncomingHttpHeaders>;
}
