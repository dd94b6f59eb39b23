import { isRefused } from '../../language/fields.js';
import type { Finding, Path } from '../findings.js';
import type { GatewayConfig } from '../../file/gateway.config.js';
import { Invalid } from '../../language/kinds/invalid.js';
import type { ExtensionKind, ExtensionSchema, NamedChoice } from '../../language/kinds/named-choice.js';
import { nearest } from '../../../spelling/nearest.js';

/** What is wrong with an option of an extension. */
interface OptionFault {
  /** The way to it from the options. */
  readonly path: Path;
  readonly message: string;
  readonly suggestion?: string;
  readonly at: 'key' | 'value';
}

/** An extension that a configuration may name. */
export interface KnownExtension extends ExtensionSchema {
  /** What is wrong with options as they are written; empty: nothing. Default: they are not checked. */
  check?(options: Readonly<Record<string, unknown>>): readonly OptionFault[];
}

/** All extensions of one kind, by their names or with what is known of their options. */
export type KnownList = readonly (string | KnownExtension)[];

/** The known extensions of each kind to which modules can add. A kind that is not given may have any name, because a module may register it. */
export interface KnownNames {
  readonly strategies?: KnownList | undefined;
  readonly forwarders?: KnownList | undefined;
  readonly probes?: KnownList | undefined;
  readonly policies?: KnownList | undefined;
  /** Those that are written by their names: not the built-in ones, which have keys of their own. */
  readonly discoveries?: KnownList | undefined;
  readonly transformers?: KnownList | undefined;
}

const listOf = {
  strategy: 'strategies',
  forwarder: 'forwarders',
  probe: 'probes',
  policy: 'policies',
  discovery: 'discoveries',
  transformer: 'transformers',
} as const satisfies Record<ExtensionKind, keyof KnownNames>;

/** What is known of the extensions of a kind; undefined: any may be registered. */
export function knownOf(known: KnownNames, kind: ExtensionKind): readonly KnownExtension[] | undefined {
  return known[listOf[kind]]?.map(each => (typeof each === 'string' ? { name: each } : each));
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

/** A place in the configuration that names an extension. */
interface NamedPlace {
  readonly path: Path;
  readonly kind: ExtensionKind;
  readonly choice: NamedChoice;
  /** Those that come with the gateway. Default: none. */
  readonly builtIn?: readonly string[];
}

/**
 * Reports a name that is not among the known ones, and wrong options of one that is; without known ones, warns of a name that looks like a misspelt
 * built-in one.
 */
export function checkChoice({ known: all, report, warn }: CheckContext, place: NamedPlace): void {
  const { builtIn = [], choice, kind, path } = place;
  const known = knownOf(all, kind);
  const names = known?.map(({ name }) => name) ?? builtIn;
  const { name, options } = choice;
  if (names.includes(name)) {
    const extension = known?.find(each => each.name === name);
    for (const { path: below, ...fault } of extension?.check?.(options) ?? [])
      report({ ...fault, path: [...path, ...below] });
    return;
  }
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
