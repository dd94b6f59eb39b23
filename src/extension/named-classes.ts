import type { Type } from '@nestjs/common';
import { ExtensionError } from './extension-error.js';
import { namesOf, type Named } from './named.js';

/** A class with the name that it has in the configuration, and what was found with it. */
export interface NamedClass<Extra> {
  readonly named: Named;
  readonly type: Type<object>;
  readonly extra: Extra;
}

/**
 * The classes of one kind by their names. One that `replaces` takes the place of the other of its name. Throws an {@link ExtensionError} where two have
 * one name and not exactly one of them replaces the other, and for one that replaces none.
 */
export class NamedClasses<Extra> {
  readonly #byName = new Map<string, NamedClass<Extra>[]>();

  constructor(private readonly kind: string) {}

  /** Adds a class, unless it is of another kind or known. */
  add(target: unknown, extra: Extra): boolean {
    const named = namesOf(target).find(({ kind }) => kind === this.kind);
    if (named === undefined) return false;
    const type = target as Type<object>;
    const known = this.#byName.get(named.name) ?? [];
    if (!known.some(each => each.type === type)) known.push({ named, type, extra });
    this.#byName.set(named.name, known);
    return true;
  }

  /** By name, the one that is used. */
  settle(): ReadonlyMap<string, NamedClass<Extra>> {
    return new Map(Array.from(this.#byName, ([name, classes]) => [name, this.#chosen(name, classes)]));
  }

  #chosen(name: string, classes: readonly NamedClass<Extra>[]): NamedClass<Extra> {
    const [first, second] = classes;
    const replacing = classes.filter(({ named }) => named.replaces);
    const what = `${this.kind} "${name}"`;
    if (second === undefined) {
      if (replacing.length === 0) return first!;
      throw new ExtensionError(`${first!.type.name} replaces the ${what}, and there is no other of that name`);
    }
    if (replacing.length === 1 && classes.length === 2) return replacing[0]!;
    const names = classes.map(({ type }) => type.name);
    const hint = replacing.length > 0 ? '' : '; the one that is to take the place of the other says { replaces: true }';
    throw new ExtensionError(
      `${classes.length === 2 ? 'two' : classes.length} classes are named ${what}: ${names.slice(0, -1).join(', ')} and ${names.at(-1)}${hint}`,
    );
  }
}
