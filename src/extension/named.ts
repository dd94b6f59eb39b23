import 'reflect-metadata';
import { Injectable, type Type } from '@nestjs/common';

/** The metadata that a named decorator has written on a class. */
export interface Named {
  /** The name by which the configuration refers to the class. */
  readonly name: string;
  /** The class-validator class of its options; undefined: it takes none. */
  readonly options: Type<object> | undefined;
}

/** A named class that takes options. `configure` is called once, before first use, with validated options. */
export interface Configurable<Options extends object> {
  configure(options: Options): void;
}

/**
 * A class decorator for one kind of extension (`@Strategy('idlest')`). It makes the class an injectable and gives it the
 * name that the configuration uses. A class that declares an options class must have a `configure` that takes it.
 */
export interface NamedDecorator<Contract extends object> {
  /** The kind of extension, as error messages name it: `strategy`, `probe`, `policy`. */
  readonly kind: string;
  /** The decorator, as error messages name it: `@Strategy`. */
  readonly label: string;
  (name: string): (target: Type<Contract>) => void;
  <Options extends object>(
    name: string,
    settings: { readonly options: Type<Options> },
  ): (target: Type<Contract & Configurable<Options>>) => void;
  /** What this decorator has written on `target` itself; undefined for any other class, subclasses included. */
  read(target: unknown): Named | undefined;
}

/**
 * Makes the decorator for one kind of extension. Call it once for each kind: two decorators never see each other's classes. `label`:
 * what the decorator is called. Default: `@` and the kind with a capital.
 */
export function createNamedDecorator<Contract extends object>(
  kind: string,
  label: string = `@${kind.charAt(0).toUpperCase()}${kind.slice(1)}`,
): NamedDecorator<Contract> {
  const key = Symbol(kind);
  const decorate =
    (name: string, settings?: { readonly options: Type<object> }) =>
    (target: Type<object>): void => {
      Injectable()(target);
      const named: Named = { name, options: settings?.options };
      Reflect.defineMetadata(key, named, target);
    };
  // Own metadata only: an undecorated subclass of a named class is another class, and has no name yet.
  const read = (target: unknown): Named | undefined =>
    typeof target === 'function' ? (Reflect.getOwnMetadata(key, target) as Named | undefined) : undefined;
  return Object.assign(decorate, { kind, label, read });
}
