import type { OnModuleInit, Type } from '@nestjs/common';
import { type DiscoveryService, ModuleRef } from '@nestjs/core';
import { ExtensionError } from './extension-error.js';
import type { Configurable, Named, NamedDecorator } from './named.js';
import { didYouMean } from '../spelling/nearest.js';
import { readOptions } from './options.js';

type ProviderWrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** One place in the configuration that refers to an extension by name. */
interface NamedEntry {
  readonly name: string;
  /** The options as written there, without the name. */
  readonly options?: unknown;
  /** The place itself, for messages: `upstreams.orders.strategy`. */
  readonly path: string;
}

interface Found {
  readonly named: Named;
  /** The class that carries the name. */
  readonly type: Type<object>;
  readonly wrapper: ProviderWrapper;
}

/**
 * Every provider of the application that one named decorator has named, whichever module it is in. Extend it with an
 * injectable class for each kind; two classes of one name stop the start.
 */
export abstract class NamedProviders<Contract extends object> implements OnModuleInit {
  #found: ReadonlyMap<string, Found> | undefined;

  protected constructor(
    private readonly discovery: DiscoveryService,
    private readonly decorator: NamedDecorator<Contract>,
  ) {}

  /** Throws an ExtensionError when two classes have the same name. */
  onModuleInit(): void {
    this.#found ??= this.#discover();
  }

  /** The known names, in alphabetical order. */
  get names(): readonly string[] {
    return [...this.#known().keys()].sort();
  }

  /**
   * A new instance for one configuration entry, its dependencies injected from the module that provides the class, and
   * configured with the entry's options. A provider whose instance was put in place of the class (by a value, a factory, or
   * a test's override) is used itself, by every entry that names it. Throws an ExtensionError for an unknown name and for
   * options that the class does not declare or accept. Nest's lifecycle hooks are not called on the instance.
   */
  async create(entry: NamedEntry): Promise<Contract> {
    const found = this.#known().get(entry.name);
    if (found === undefined) throw new ExtensionError(this.#unknown(entry));
    const result = readOptions(found.named.options, entry.options, entry.path);
    if (!result.ok) throw new ExtensionError(result.errors.join('; '));
    const instance = await instantiate(found);
    if (result.options !== undefined) (instance as Partial<Configurable<object>>).configure?.(result.options);
    return instance as Contract;
  }

  #known(): ReadonlyMap<string, Found> {
    return (this.#found ??= this.#discover());
  }

  #discover(): ReadonlyMap<string, Found> {
    const found = new Map<string, Found>();
    for (const wrapper of this.discovery.getProviders()) {
      const one = this.#named(wrapper);
      if (one === undefined) continue;
      const { name } = one.named;
      const other = found.get(name);
      if (other !== undefined && other.type !== one.type) {
        throw new ExtensionError(
          `two classes are named ${this.decorator.kind} "${name}": ${other.type.name} and ${one.type.name}`,
        );
      }
      if (other === undefined) found.set(name, one);
    }
    return found;
  }

  #named(wrapper: ProviderWrapper): Found | undefined {
    if (wrapper.isAlias) return undefined;
    // The token first: a test's override keeps it, but puts an undecorated fake in the place of the class.
    for (const type of [wrapper.token, wrapper.metatype]) {
      const named = this.decorator.read(type);
      if (named !== undefined) return { named, type: type as Type<object>, wrapper };
    }
    return undefined;
  }

  #unknown(entry: NamedEntry): string {
    const hint = didYouMean(entry.name, this.names);
    const { kind, label } = this.decorator;
    const known =
      this.names.length === 0
        ? `none is registered: provide a class with ${label}("${entry.name}") in one of the modules`
        : `known: ${this.names.join(', ')}`;
    return `${entry.path}: no ${kind} is named "${entry.name}"${hint} (${known})`;
  }
}

async function instantiate({ type, wrapper }: Found): Promise<unknown> {
  const instance: unknown = wrapper.instance;
  // `inject` is a list for factories only; values have no metatype.
  const madeFromClass = typeof wrapper.metatype === 'function' && !wrapper.inject;
  if (!madeFromClass || !(instance instanceof type)) return instance;
  const moduleRef = wrapper.host?.getProviderByKey<ModuleRef>(ModuleRef).instance;
  if (moduleRef === undefined) return instance;
  return moduleRef.create(wrapper.metatype as Type<object>);
}
