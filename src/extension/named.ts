import 'reflect-metadata';
import { Injectable, type Type } from '@nestjs/common';

/** The metadata that a named decorator has written on a class. */
export interface Named {
  /** The kind of extension: `strategy`. */
  readonly kind: string;
  /** The name by which the configuration refers to the class. */
  readonly name: string;
  /** The class-validator class of its options; undefined: it takes none. */
  readonly options: Type<object> | undefined;
  /** It takes the place of another class of the same name. */
  readonly replaces: boolean;
}

/** A named class that takes options. `configure` is called once, before first use, with validated options. */
export interface Configurable<Options extends object> {
  configure(options: Options): void;
}

/** What a named decorator may say beside the name. */
export interface NamedSettings {
  /**
   * True: the class takes the place of the one that has this name, such as a built-in one: wherever the configuration names it, this one is used.
   * Where no other class has the name, the start is refused. Default: false; then two classes of one name stop the start.
   */
  readonly replaces?: boolean;
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
  (name: string, settings?: NamedSettings): (target: Type<Contract>) => void;
  <Options extends object>(
    name: string,
    settings: NamedSettings & { readonly options: Type<Options> },
  ): (target: Type<Contract & Configurable<Options>>) => void;
  /** What this decorator has written on `target` itself; undefined for any other class, subclasses included. */
  read(target: unknown): Named | undefined;
}

/** What the decorators of all kinds have written on a class, by whichever copy of this package. */
const ALL = Symbol.for('gatehouse.named');

/**
 * Makes the decorator for one kind of extension. Call it once for each kind: two decorators never see each other's classes.
 */
export function createNamedDecorator<Contract extends object>(kind: string): NamedDecorator<Contract> {
  const label = `@${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
  const decorate =
    (name: string, settings: NamedSettings & { readonly options?: Type<object> } = {}) =>
    (target: Type<object>): void => {
      const { options, replaces = false } = settings;
      if (typeof name !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
        const expected = 'a name of letters, digits and . _ - that starts with a letter or digit';
        throw new TypeError(`${label}(${JSON.stringify(name)}) on ${target.name}: expected ${expected}`);
      }
      Injectable()(target);
      const named: Named = { kind, name, options, replaces };
      Reflect.defineMetadata(ALL, [...namesOf(target).filter(each => each.kind !== kind), named], target);
    };
  const read = (target: unknown): Named | undefined => namesOf(target).find(each => each.kind === kind);
  return Object.assign(decorate, { kind, label, read });
}

/** The names that a class has, one for each kind that it is of. An undecorated subclass of a named class is another class, and has none. */
export function namesOf(target: unknown): readonly Named[] {
  if (typeof target !== 'function') return [];
  return (Reflect.getOwnMetadata(ALL, target) as readonly Named[] | undefined) ?? [];
}
