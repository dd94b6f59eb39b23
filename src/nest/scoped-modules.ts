import 'reflect-metadata';
import type { DynamicModule, ForwardReference, Type } from '@nestjs/common';
import { GLOBAL_MODULE_METADATA, MODULE_METADATA } from '@nestjs/common/constants.js';
import { ConfigModule } from '@nestjs/config';
import { DiscoveryModule } from '@nestjs/core';
import { own } from '../extension/owner.js';
import { terminusModule } from '../health/terminus.js';

type Import = Type | DynamicModule | Promise<DynamicModule> | ForwardReference;

/** Modules of others, which all gateways of an application share. */
export const sharedModules = (): ReadonlySet<unknown> =>
  new Set([ConfigModule, DiscoveryModule, terminusModule() ?? DiscoveryModule]);

/**
 * The modules of a gateway once more, for another gateway of the same application: Nest has one instance of each module class, so each class gets a
 * subclass. What is global in an application with one gateway is imported by each of these modules, and is not global: gateways do not see each other's providers.
 * `given`: a module of the application that each of them imports as well, as it is.
 */
export function scopedModules(modules: readonly Import[], gateway: string, given: DynamicModule): Import[] {
  const shared = sharedModules();
  const copies = new Map<unknown, Import>([[given, given]]);
  /** The imports of each copy, which get the common modules at the end. */
  const allImports: { readonly of: Import; readonly imports: Import[] }[] = [];
  const allExports: unknown[][] = [];

  const copied = (module: Import): Import => {
    let copy = copies.get(module);
    if (copy === undefined) copies.set(module, (copy = isDynamic(module) ? copyOf(module) : classOf(module)));
    return copy;
  };
  const importsFor = (of: Import, imports: readonly Import[]): Import[] => {
    const copy = imports.map(copied);
    allImports.push({ of, imports: copy });
    return copy;
  };
  const classOf = (module: Import): Import => {
    if (typeof module !== 'function' || shared.has(module)) return module;
    const copy = { [module.name]: class extends module {} }[module.name]!;
    copies.set(module, copy);
    own(copy, gateway);
    const listOf = (key: string): Import[] => (Reflect.getMetadata(key, module) ?? []) as Import[];
    const exported = [...listOf(MODULE_METADATA.EXPORTS)];
    allExports.push(exported);
    Reflect.defineMetadata(GLOBAL_MODULE_METADATA, false, copy);
    Reflect.defineMetadata(MODULE_METADATA.EXPORTS, exported, copy);
    Reflect.defineMetadata(MODULE_METADATA.IMPORTS, importsFor(copy, listOf(MODULE_METADATA.IMPORTS)), copy);
    return copy;
  };
  const copyOf = (dynamic: DynamicModule): DynamicModule => {
    if (shared.has(dynamic.module)) return dynamic;
    // What is made when Nest looks for modules stays so.
    const copy = Object.defineProperties({} as DynamicModule, {
      ...Object.getOwnPropertyDescriptors(dynamic),
      module: { value: copied(dynamic.module), enumerable: true },
      global: { value: false, enumerable: true },
      imports: { value: [], enumerable: true, writable: true },
      exports: { get: () => dynamic.exports?.map(each => copies.get(each) ?? each), enumerable: true },
    });
    copies.set(dynamic, copy);
    copy.imports = importsFor(copy, dynamic.imports ?? []);
    return copy;
  };

  const result = modules.map(copied);
  const commons = [given, ...[...copies].filter(([module]) => isGlobal(module)).map(([, copy]) => copy)];
  for (const { imports, of } of allImports) imports.push(...commons.filter(each => each !== of));
  for (const list of allExports) list.splice(0, list.length, ...list.map(each => copies.get(each) ?? each));
  return result;
}

function isDynamic(module: unknown): module is DynamicModule {
  return typeof module === 'object' && module !== null && 'module' in module;
}

function isGlobal(module: unknown): boolean {
  if (isDynamic(module)) return module.global === true;
  return typeof module === 'function' && Reflect.getMetadata(GLOBAL_MODULE_METADATA, module) === true;
}
