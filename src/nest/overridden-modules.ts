import 'reflect-metadata';
import {
  Module,
  type ClassProvider,
  type DynamicModule,
  type FactoryProvider,
  type OnModuleInit,
  type Provider,
  type Type,
  type ValueProvider,
} from '@nestjs/common';
import { MODULE_METADATA } from '@nestjs/common/constants.js';

import { StartError } from '../listeners/start-error.js';
import { sharedModules } from './scoped-modules.js';

type Import = NonNullable<DynamicModule['imports']>[number];

/** What takes the place of a provider of the gateway: a provider of Nest under the same token. */
export type Override = ValueProvider | ClassProvider | FactoryProvider;

/**
 * The modules once more, with other providers under some of their tokens. A class of a module is its own token. Each module class gets a subclass, since
 * what `@Module` says of a class holds for the whole process. `kept`: modules that stay as they are, such as those of the application.
 */
class OverriddenModules {
  readonly #copies = new Map<unknown, Import>();
  readonly #exports: (() => void)[] = [];
  readonly #overrides: ReadonlyMap<unknown, Override>;
  readonly #met = new Set<unknown>();

  constructor(overrides: readonly Override[], kept: Iterable<unknown> = []) {
    this.#overrides = new Map(overrides.map(each => [each.provide, each]));
    for (const each of kept) this.#copies.set(each, each as Import);
  }

  /** The modules, in their order. */
  of(modules: readonly Import[]): Import[] {
    const copies = modules.map(each => this.#copied(each));
    for (const finish of this.#exports.splice(0)) finish();
    return copies;
  }

  /** The tokens under which no module has a provider. Complete when Nest has read the modules. */
  get missed(): readonly string[] {
    return [...this.#overrides.keys()].filter(each => !this.#met.has(each)).map(nameOf);
  }

  #copied(module: Import): Import {
    const known = this.#copies.get(module);
    if (known !== undefined) return known;
    if (typeof module === 'function') return this.#classOf(module);
    return 'module' in module ? this.#dynamicOf(module) : module;
  }

  #classOf(module: Type): Import {
    const copy = { [module.name]: class extends module {} }[module.name]!;
    this.#copies.set(module, copy);
    const listOf = (key: string): unknown[] => (Reflect.getMetadata(key, module) ?? []) as unknown[];
    const { EXPORTS, IMPORTS, PROVIDERS } = MODULE_METADATA;
    Reflect.defineMetadata(PROVIDERS, this.#replaced(listOf(PROVIDERS) as Provider[]), copy);
    Reflect.defineMetadata(IMPORTS, (listOf(IMPORTS) as Import[]).map(each => this.#copied(each)), copy); // prettier-ignore
    // A module may export one that is copied only later.
    this.#exports.push(() => Reflect.defineMetadata(EXPORTS, listOf(EXPORTS).map(each => this.#copies.get(each) ?? each), copy)); // prettier-ignore
    return copy;
  }

  #dynamicOf(dynamic: DynamicModule): DynamicModule {
    const copy = Object.defineProperties({} as DynamicModule, {
      // What is made when Nest looks for it stays so.
      ...Object.getOwnPropertyDescriptors(dynamic),
      module: { value: this.#copied(dynamic.module), enumerable: true },
      providers: { get: () => this.#replaced(dynamic.providers ?? []), enumerable: true },
      exports: { get: () => dynamic.exports?.map(each => this.#copies.get(each) ?? each), enumerable: true },
    });
    this.#copies.set(dynamic, copy);
    Object.defineProperty(copy, 'imports', {
      value: (dynamic.imports ?? []).map(each => this.#copied(each)),
      enumerable: true,
    });
    return copy;
  }

  #replaced(providers: readonly Provider[]): Provider[] {
    return providers.map(provider => {
      const token = typeof provider === 'function' ? provider : provider.provide;
      const override = this.#overrides.get(token);
      if (override === undefined) return provider;
      this.#met.add(token);
      return override;
    });
  }
}

/** Stops the start where an override has replaced nothing. */
@Module({})
class OverridesModule implements OnModuleInit {
  constructor(private readonly overridden: OverriddenModules) {}

  onModuleInit(): void {
    const [missed] = this.overridden.missed;
    if (missed !== undefined)
      throw new StartError(`overrides: there is no provider of the gateway under the token ${missed}`);
  }
}

/**
 * The modules, in their order, with other providers under some of their tokens, and one more that stops the start for tokens that there are not. `kept`: modules that stay as
 * they are, such as those of the application.
 */
export function overridden<Imported extends Import>(
  modules: readonly Imported[],
  overrides: readonly Override[],
  kept: readonly unknown[] = [],
): (Imported | DynamicModule)[] {
  if (overrides.length === 0) return [...modules];
  const all = new OverriddenModules(overrides, [...sharedModules(), ...kept]);
  const check = { module: OverridesModule, providers: [{ provide: OverriddenModules, useValue: all }] };
  return [...(all.of(modules) as Imported[]), check];
}

function nameOf(token: unknown): string {
  if (typeof token === 'function') return token.name;
  return typeof token === 'symbol' ? (token.description ?? '') : String(token);
}
