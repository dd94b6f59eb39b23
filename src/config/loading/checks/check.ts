import { isRefused } from '../../language/fields.js';
import type { Finding, Path } from '../findings.js';
import type { GatewayConfig } from '../../file/gateway.config.js';
import { Invalid } from '../../language/kinds/invalid.js';
import { nearest } from '../../../spelling/nearest.js';

/** A strategy that is known to the process: the names that may be used, and what is wrong with given options. */
export interface KnownStrategy {
  readonly name: string;
  /** One sentence for each thing that is wrong with the options; empty when nothing is. */
  validate(options: Readonly<Record<string, unknown>>): readonly string[];
}

/** The names that exist, of each kind that modules can add to. A kind that is not given may have any name, for a module to register. */
export interface KnownNames {
  readonly strategies?: readonly KnownStrategy[] | undefined;
  readonly forwarders?: readonly string[] | undefined;
  readonly probes?: readonly string[] | undefined;
  readonly policies?: readonly string[] | undefined;
}

/** What the checks look at and report to. Keys that were refused hold their defaults; refused elements are `Invalid`. */
export interface CheckContext {
  readonly config: GatewayConfig;
  /** What is given here is all there is: other names are refused. */
  readonly known: KnownNames;
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

/** Somewhere that names a thing which comes with the gateway or is registered by a module. */
export interface NamedPlace {
  readonly path: Path;
  /** As messages say it: `strategy`. */
  readonly kind: string;
  readonly name: string;
}

/** Reports a name that is not among `known`; with no such list, warns of one that looks like a slip of a built-in one. */
export function checkName(
  { report, warn }: CheckContext,
  { path, kind, name }: NamedPlace,
  known: readonly string[] | undefined,
  builtIn: readonly string[],
): void {
  const names = known ?? builtIn;
  if (names.includes(name)) return;
  const found = JSON.stringify(name);
  const near = nearest(name, names);
  const suggestion = near === undefined ? {} : { suggestion: JSON.stringify(near) };
  if (known !== undefined) {
    const decorator = `@${kind.charAt(0).toUpperCase()}${kind.slice(1)}(${found})`;
    const rest =
      names.length === 0
        ? `: none is registered, which takes a class with ${decorator} in a module of an application of your own`
        : `, known are ${names.join(', ')}`;
    report({ path, message: `no ${kind} is called ${found}${rest}`, found, allowed: names.join(', '), ...suggestion });
  } else if (near !== undefined) {
    warn({ path, message: `${found} is not built in; a module must register it`, found, ...suggestion });
  }
}
