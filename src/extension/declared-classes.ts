import type { DynamicModule, ForwardReference, Type } from '@nestjs/common';
import { declaredOn } from '../platform/nest-metadata.js';
import { namesOf } from './named.js';

/** A module, in any form that `imports` takes, or a class with a name of its own (`@Strategy('idlest')`). */
export type ExtensionPart = Type | DynamicModule | Promise<DynamicModule> | ForwardReference;

/** The classes with names that modules declare, with those of the modules that they import, before there is an application. */
export async function declaredClasses(parts: readonly ExtensionPart[]): Promise<ReadonlySet<object>> {
  const found = new Set<object>();
  const seen = new Set<unknown>();
  const walk = async (part: unknown): Promise<void> => {
    const it = await part;
    if (it === undefined || it === null || seen.has(it)) return;
    seen.add(it);
    if (typeof it === 'function') {
      if (namesOf(it).length > 0) found.add(it);
      const declared = declaredOn(it);
      for (const each of declared?.imports ?? []) await walk(each);
      for (const each of declared?.providers ?? []) provided(each, found);
    } else if (typeof it === 'object') {
      const { forwardRef, imports = [], module, providers = [] } = it as Partial<DynamicModule & ForwardReference>;
      await walk(forwardRef === undefined ? module : (forwardRef as () => unknown)());
      for (const each of imports) await walk(each);
      for (const each of providers) provided(each, found);
    }
  };
  for (const part of parts) await walk(part);
  return found;
}

/** A provider may stand under a token that is not its class, or be made by a factory in the place of one. */
function provided(provider: unknown, found: Set<object>): void {
  const { provide, useClass } = (typeof provider === 'object' && provider !== null ? provider : {}) as {
    provide?: unknown;
    useClass?: unknown;
  };
  const named = [provider, provide, useClass].find(each => namesOf(each).length > 0);
  if (typeof named === 'function') found.add(named);
}
