import type { ValidationError } from 'class-validator';
import { fieldsOf, blockClassOf } from '../language/fields.js';
import type { Finding, Path } from './findings.js';
import { kindConstraint, requiredConstraint } from '../language/key.js';
import { reservedMark } from '../language/kinds/block.js';
import { describeFound } from '../language/kinds/found.js';
import { Invalid, invalidsIn } from '../language/kinds/invalid.js';
import type { BlockClass } from '../language/kinds/kind.js';
import { nearest } from '../../spelling/nearest.js';

/** A finding from an error of class-validator. `isFile`: the value is valid, but the file that it names cannot be used. */
export type Collected = Finding & { readonly isFile?: boolean };

/** Turns the error tree of class-validator into findings with a path each. */
export function collectFindings(errors: readonly ValidationError[], path: Path = []): Collected[] {
  return errors.flatMap(error => {
    // The list or map has already reported this refused element.
    if (error.value instanceof Invalid && !(kindConstraint in (error.constraints ?? {}))) return [];
    const property = error.property.startsWith(reservedMark) ? error.property.slice(1) : error.property;
    const here = [...path, stepOf(error.target, property)];
    const constraints = error.constraints ?? {};
    return [
      ...('whitelistValidation' in constraints ? [unknownKey(here, property, error.target)] : []),
      ...(requiredConstraint in constraints ? [missingKey(here, property, error.target)] : []),
      ...(kindConstraint in constraints ? refusals(here, error.value) : []),
      ...(error.value instanceof Invalid ? [] : collectFindings(error.children ?? [], here)),
    ];
  });
}

/** A refused value as a finding. */
function refusal(path: Path, invalid: Invalid): Collected {
  const { message, suggestion, cause, at = 'value' } = invalid.details;
  const found = invalid.expected === '' ? '' : describeFound(invalid.found);
  const quoted = suggestion === undefined || / /.test(suggestion) ? suggestion : JSON.stringify(suggestion);
  return {
    path,
    at,
    found,
    allowed: invalid.expected,
    message: message ?? `found ${found}, expected ${invalid.expected}`,
    ...(quoted === undefined ? {} : { suggestion: quoted }),
    ...(cause === 'file' ? { isFile: true } : {}),
  };
}

/** The refused values in a value that a kind has read, as findings; `path` leads to the value. */
export function refusals(path: Path, value: unknown): Collected[] {
  return invalidsIn(value).map(([below, invalid]) => {
    const steps = below.map((step, depth) => (Array.isArray(at(value, below.slice(0, depth))) ? Number(step) : step));
    return refusal([...path, ...steps], invalid);
  });
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce((inside: unknown, step) => {
    if (Array.isArray(inside)) return inside[Number(step)] as unknown;
    return inside instanceof Map ? (inside.get(step) as unknown) : undefined;
  }, value);
}

function stepOf(target: object | undefined, property: string): string | number {
  return Array.isArray(target) ? Number(property) : property;
}

function unknownKey(path: Path, key: string, target: object | undefined): Finding {
  const known = target ? [...fieldsOf(blockClassOf(target)).keys()] : [];
  const near = nearest(key, known);
  const suggestion = near === undefined ? target && placeFor(key, blockClassOf(target)) : JSON.stringify(near);
  return {
    path,
    at: 'key',
    message: `unknown key ${JSON.stringify(key)}, expected one of ${known.join(', ')}`,
    found: JSON.stringify(key),
    allowed: known.join(', '),
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

/** The block to which a misplaced key belongs, if it was written one block too far out: `path` on a route means `match: { path: … }`. */
function placeFor(key: string, block: BlockClass): string | undefined {
  for (const [outer, { kind }] of fieldsOf(block)) {
    if (kind.label !== 'block') continue;
    const names = (kind.blocks ?? []).flatMap(inner => [...fieldsOf(inner()).keys()]);
    const name = names.find(each => each === key) ?? names.find(each => each === `${key}s` || `${each}s` === key);
    if (name !== undefined) return `${outer}: { ${name}: … }`;
  }
  return undefined;
}

function missingKey(path: Path, key: string, target: object | undefined): Finding {
  const expected = (target && fieldsOf(blockClassOf(target)).get(key)?.kind.expected) ?? '';
  return { path, at: 'key', message: `missing, expected ${expected}`, allowed: expected };
}
