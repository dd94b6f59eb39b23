import { isRefused } from '../../language/fields.js';
import type { Finding, Path } from '../findings.js';
import type { GatewayConfig } from '../../file/gateway.config.js';
import { Invalid } from '../../language/kinds/invalid.js';
import { nearest } from '../../../spelling/nearest.js';

/** A strategy that is known to the process: its name, and the check of its options. */
interface KnownStrategy {
  readonly name: string;
  /** One sentence for each error in the options; empty: they are valid. */
  validate(options: Readonly<Record<string, unknown>>): readonly string[];
}

/** The known names of each kind to which modules can add. A kind that is not given may have any name, because a module may register it. */
export interface KnownNames {
  readonly strategies?: readonly KnownStrategy[] | undefined;
  readonly forwarders?: readonly string[] | undefined;
  readonly probes?: readonly string[] | undefined;
  readonly policies?: readonly string[] | undefined;
  /** Those that are written by their names: not the built-in ones, which have keys of their own. */
  readonly discoveries?: readonly string[] | undefined;
}

/** The input and output of the checks. Keys that were refused hold their defaults; refused elements are `Invalid`. */
export interface CheckContext {
  readonly config: GatewayConfig;
  /** Kinds that are given here are complete: other names are refused. */
  readonly known: KnownNames;
  /** How a message about one place calls another one: `listeners[3]`. */
  name(path: Path): string;
  /** Reports a configuration that cannot work. */
  report(finding: Finding): void;
  /** Reports a configuration that works, but probably not as intended. */
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

/** A place in the configuration that names something built in or registered by a module. */
interface NamedPlace {
  readonly path: Path;
  /** The kind, as named in messages: `strategy`. */
  readonly kind: string;
  readonly name: string;
}

/** Reports a name that is not among `known`; without such a list, warns of a name that looks like a misspelt built-in one. */
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
