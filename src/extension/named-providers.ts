import type { OnModuleInit, Type } from '@nestjs/common';
import { type DiscoveryService, ModuleRef } from '@nestjs/core';
import { nearest } from '../spelling/nearest.js';
import type { Steps } from '../spelling/place.js';
import { ExtensionError } from './extension-error.js';
import type { Configurable, NamedDecorator } from './named.js';
import { NamedClasses, type NamedClass } from './named-classes.js';
import { describeFaults, readOptions, type OptionFault } from './options.js';
import { ownerOf } from './owner.js';

type ProviderWrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** One place in the configuration that refers to an extension by name. */
export interface NamedEntry {
  readonly name: string;
  /** The options as written there, without the name. */
  readonly options?: unknown;
  /** The place itself: `['upstreams', 'orders', 'strategy']`. */
  readonly path: Steps;
  /** What is wrong there, on one line, with the place in its file. `path` of each fault begins at the top. Default: with its path. */
  readonly describe?: ((faults: readonly OptionFault[]) => string) | undefined;
}

type Found = NamedClass<ProviderWrapper>;

/**
 * Every provider of the application that one named decorator has named, whichever module it is in. Extend it with an
 * injectable class for each kind; two classes of one name stop the start, unless one of them replaces the other.
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
    if (found === undefined) throw refused(entry, [this.#unknown(entry)]);
    const result = readOptions(found.named.options, entry.options);
    if (!result.ok) throw refused(entry, result.faults);
    const instance = await instantiate(found);
    if (result.options !== undefined) (instance as Partial<Configurable<object>>).configure?.(result.options);
    return instance as Contract;
  }

  #known(): ReadonlyMap<string, Found> {
    return (this.#found ??= this.#discover());
  }

  #discover(): ReadonlyMap<string, Found> {
    const classes = new NamedClasses<ProviderWrapper>(this.decorator.kind);
    for (const wrapper of this.#providers()) {
      if (wrapper.isAlias) continue;
      // The token first: a test's override keeps it, but puts an undecorated fake in the place of the class.
      if (!classes.add(wrapper.token, wrapper)) classes.add(wrapper.metatype, wrapper);
    }
    return classes.settle();
  }

  /** Those of the application and of this gateway, its own first: where an application has several gateways, each has the built-in classes. */
  #providers(): ProviderWrapper[] {
    const all = this.discovery.getProviders();
    const owner = (wrapper: ProviderWrapper): string | undefined => ownerOf(wrapper.host?.metatype);
    const self = all.find(({ instance }) => (instance as unknown) === this);
    const mine = self && owner(self);
    const visible = all.filter(each => [mine, undefined].includes(owner(each)));
    return visible.sort((a, b) => Number(owner(b) === mine) - Number(owner(a) === mine));
  }

  #unknown({ name }: NamedEntry): OptionFault {
    const near = nearest(name, this.names);
    const { kind, label } = this.decorator;
    const known =
      this.names.length === 0
        ? `: none is registered, which takes a class with ${label}("${name}") in one of the modules`
        : `, known are ${this.names.join(', ')}`;
    const suggestion = near === undefined ? {} : { suggestion: JSON.stringify(near) };
    return { path: [], message: `no ${kind} is named "${name}"${known}`, at: 'value', ...suggestion };
  }
}

function refused({ describe, path }: NamedEntry, faults: readonly OptionFault[]): ExtensionError {
  if (describe === undefined) return new ExtensionError(describeFaults(faults, path));
  return new ExtensionError(describe(faults.map(fault => ({ ...fault, path: [...path, ...fault.path] }))));
}

async function instantiate({ type, extra: wrapper }: Found): Promise<unknown> {
  const instance: unknown = wrapper.instance;
  // `inject` is a list for factories only; values have no metatype.
  const madeFromClass = typeof wrapper.metatype === 'function' && !wrapper.inject;
  if (!madeFromClass || !(instance instanceof type)) return instance;
  const moduleRef = wrapper.host?.getProviderByKey<ModuleRef>(ModuleRef).instance;
  if (moduleRef === undefined) return instance;
  return moduleRef.create(wrapper.metatype as Type<object>);
}
