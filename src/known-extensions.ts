import { builtInDiscoveries } from './config/file/discovery.config.js';
import { builtInProbes } from './config/file/health-check.config.js';
import { builtInForwarders } from './config/file/upstream.config.js';
import type { KnownExtension, KnownNames } from './config/loading/checks/check.js';
import { declaredClasses, type ExtensionPart } from './extension/declared-classes.js';
import { describeNamed } from './extension/known-extensions.js';
import { createNamedDecorator, namesOf } from './extension/named.js';
import { NamedClasses } from './extension/named-classes.js';
import { builtinStrategies } from './load-balancer/builtin-strategies.js';

/** The extensions that come with the gateway: all names that a configuration may use where no module is added. */
export const builtInExtensions = {
  strategies: builtinStrategies,
  forwarders: builtInForwarders,
  probes: builtInProbes,
  policies: [],
  discoveries: [],
  transformers: [],
} as const satisfies KnownNames;

/**
 * What a configuration may name where these modules, or named classes, are imported beside what is built in: for `loadConfig`, `parseConfig` and
 * `buildConfig`, which then check names and options with line and column; and for `jsonSchema`, which then describes the options. Without it
 * they are checked when the application starts. Rejects with an ExtensionError where two classes have one name.
 *
 * ```ts
 * const known = await knownExtensions(TenantsModule);
 * const { config } = loadConfig('gateway.yaml', process.env, known);
 * ```
 */
export async function knownExtensions(...parts: readonly ExtensionPart[]): Promise<KnownNames> {
  const classes = await declaredClasses(parts);
  const { discoveries, forwarders, policies, probes, strategies, transformers } = builtInExtensions;
  return {
    strategies: known('strategy', strategies, classes),
    forwarders: known('forwarder', forwarders, classes),
    probes: known('probe', probes, classes),
    policies: known('policy', policies, classes),
    discoveries: known('discovery', discoveries, classes, builtInDiscoveries),
    transformers: known('transformer', transformers, classes),
  };
}

/** `hidden`: built-in ones that are not written by their names. */
function known(
  kind: string,
  builtIn: readonly (string | KnownExtension)[],
  declared: ReadonlySet<object>,
  hidden: readonly string[] = [],
): readonly (string | KnownExtension)[] {
  const classes = new NamedClasses<string | KnownExtension | undefined>(kind);
  for (const each of [...builtIn, ...hidden]) {
    const name = typeof each === 'string' ? each : each.name;
    classes.add(standInFor(kind, name), each);
  }
  for (const each of declared) {
    const named = namesOf(each).find(one => one.kind === kind);
    if (named !== undefined) classes.add(each, describeNamed(named));
  }
  const names = new Set(hidden);
  return [...classes.settle().values()].flatMap(({ extra, named }) =>
    extra === undefined || names.has(named.name) ? [] : [extra],
  );
}

/** A class with the name of one that is built in, which need not be loaded for that. */
function standInFor(kind: string, name: string): object {
  const standIn = { builtIn: class {} }.builtIn;
  Object.defineProperty(standIn, 'name', { value: 'the built-in one' });
  createNamedDecorator<object>(kind)(name)(standIn);
  return standIn;
}
