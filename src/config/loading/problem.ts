import { formatFault } from '../../spelling/place.js';

/** A position in a file: line and column count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One error or warning of a configuration. */
export interface Problem {
  /**
   * The key's path: `upstreams.orders.timeouts.connect`, `listeners[0].port`; empty for the file as a whole. The elements of a list that several
   * files give are counted through all of them, as `gatehouse print` shows them.
   */
  readonly path: string;
  /** The file name as given or included; undefined for a configuration that was given as a value. */
  readonly file: string | undefined;
  /** Undefined together with `column` when there is no file, or the file could not be read. */
  readonly line: number | undefined;
  readonly column: number | undefined;
  /** One sentence without the place: `found "2 apples", expected a duration such as 250ms, 5s, 1m`. */
  readonly message: string;
  /** The found value, as shown in the message; empty when there is none. */
  readonly found: string;
  /** The allowed values; empty when the message already says it. */
  readonly allowed: string;
  /** A value or name that the author may have meant. */
  readonly suggestion?: string;
}

/** A problem on one line: `gateway.yaml:12:5 upstreams.orders.timeouts.connect: found …, expected … (did you mean …?)`. */
export function formatProblem({ path, file, line, column, message, suggestion }: Problem): string {
  const place = file === undefined ? '' : line === undefined ? file : `${file}:${line}:${column}`;
  return formatFault([place, path].filter(part => part !== '').join(' '), message, suggestion);
}
