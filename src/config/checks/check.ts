import { isRefused } from '../fields.js';
import type { Finding, Path } from '../findings.js';
import type { GatewayConfig } from '../gateway.config.js';
import { Invalid } from '../kinds/invalid.js';
import { nearest } from '../kinds/nearest.js';

/** A strategy that is known to the process: the names that may be used, and what is wrong with given options. */
export interface KnownStrategy {
  readonly name: string;
  /** One sentence for each thing that is wrong with the options; empty when nothing is. */
  validate(options: Readonly<Record<string, unknown>>): readonly string[];
}

/** What the checks look at and report to. Keys that were refused hold their defaults; refused elements are `Invalid`. */
export interface CheckContext {
  readonly config: GatewayConfig;
  /** When given, other strategy names are refused. */
  readonly strategies: readonly KnownStrategy[] | undefined;
  /** Something that cannot work. */
  report(finding: Finding): void;
  /** Something that works, but hardly as it is meant. */
  warn(finding: Finding): void;
}

/** The blocks of a list with their places; refused ones are left out. */
export function items<T extends object>(list: readonly T[] | undefined): [index: number, item: T][] {
  return [...(list ?? []).entries()].filter(([, item]) => !(item instanceof Invalid));
}

/** The blocks of a map with their keys; refused ones are left out. */
export function entries<T extends object>(map: ReadonlyMap<string, T>): [key: string, item: T][] {
  return [...map].filter(([, item]) => !(item instanceof Invalid));
}

/** Reports a name that none of the upstreams has. */
export function checkUpstreamName(context: CheckContext, path: Path, name: string | undefined): void {
  const { upstreams } = context.config;
  if (name === undefined || upstreams.has(name) || isRefused(context.config, 'upstreams')) return;
  const suggestion = nearest(name, upstreams.keys());
  const known = [...upstreams.keys()].join(', ');
  context.report({
    path,
    message: `no upstream is called ${JSON.stringify(name)}${known === '' ? '' : `, known are ${known}`}`,
    found: JSON.stringify(name),
    allowed: known,
    ...(suggestion === undefined ? {} : { suggestion: JSON.stringify(suggestion) }),
  });
}
