import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GatewayConfig } from '../../src/config/file/gateway.config.js';
import { describeChanges } from '../../src/config/live/describe-changes.js';
import { filesOf } from '../../src/config/live/files-of.js';
import { shareUnchanged } from '../../src/config/live/share-unchanged.js';
import { parseConfig } from '../../src/config/loading/load-config.js';

const everything = readFileSync(join(import.meta.dirname, 'everything.yaml'), 'utf8');
const token = 'the-secret-of-the-operator';
let folder: string;
let previous: GatewayConfig;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-live-'));
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'shop.example' }], {
    keyType: 'ec',
    algorithm: 'sha256',
  });
  for (const name of ['shop', 'clients', 'ca', 'gw']) {
    write(`certs/${name}.pem`, cert);
    write(`certs/${name}.key`, key);
  }
  write('fallback/orders.html', '<p>Later.</p>');
  write('schemas/order.json', '{}');
  const env = { ADMIN_TOKEN: token };
  previous = parseConfig(everything, { file: join(folder, 'gateway.yaml'), unsupported: [], env }).config;
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

type Path = readonly (string | number)[];
/** A value that is no collection, with its path and all that holds it, the innermost last. */
type Leaf = { readonly path: Path; readonly holders: readonly object[]; readonly value: unknown };

function leavesOf(value: unknown, path: Path = [], holders: readonly object[] = []): Leaf[] {
  if (typeof value !== 'object' || value === null) return [{ path, holders, value }];
  return partsOf(value).flatMap(([step, part]) => leavesOf(part, [...path, step], [...holders, value]));
}

function partsOf(value: object): [string | number, unknown][] {
  if (Array.isArray(value)) return [...value.entries()];
  return value instanceof Map ? [...(value as Map<string, unknown>)] : Object.entries(value);
}

/** The same with new objects, as loading the file once more would give. */
function copyOf<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Map) return new Map([...value].map(([key, part]) => [key, copyOf(part)])) as T;
  const copy = (Array.isArray(value) ? [] : Object.create(Object.getPrototypeOf(value) as object)) as object;
  return Object.assign(copy, ...partsOf(value).map(([step, part]) => ({ [step]: copyOf(part) }))) as T;
}

/** The configuration with another value in the place of a leaf. */
function changedAt({ path, value }: Leaf): GatewayConfig {
  const next = copyOf(previous);
  const holder = path.slice(0, -1).reduce((inside: unknown, step) => partAt(inside, step), next) as object;
  const step = path.at(-1) as string;
  const other = typeof value === 'boolean' ? !value : typeof value === 'number' ? value + 1000 : `${String(value)}0`;
  if (holder instanceof Map) holder.set(step, other);
  else Reflect.set(holder, step, other);
  return next;
}

function partAt(inside: unknown, step: string | number): unknown {
  return inside instanceof Map ? inside.get(step) : Reflect.get(inside as object, step);
}

function objectsIn(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value, ...partsOf(value).flatMap(([, part]) => objectsIn(part))];
}

/** Whether a leaf is the name by which its block is known: with another name it is another block. */
function isName({ path, holders }: Leaf): boolean {
  return typeof path.at(-2) === 'number' && ['id', 'name'].includes(String(path.at(-1))) && !isPlain(holders.at(-1));
}

/** The last key or name on the way to a leaf that the author of a file knows: the insides of a status range are none. */
function wordFor({ path, holders }: Leaf): string {
  return String(path.findLast((step, depth) => typeof step === 'string' && !isPlain(holders[depth])));
}

const isPlain = (value: unknown): boolean => Object.getPrototypeOf(value) === Object.prototype;

/** The values that a file may set: not what the loader fills in beside the path of a socket. */
const settable = (): Leaf[] =>
  leavesOf(previous).filter(
    ({ path, holders }) => !(['host', 'url'].includes(String(path.at(-1))) && Reflect.has(holders.at(-1)!, 'unix')),
  );

describe('a change of any value of the configuration', () => {
  it('renews what holds the value, and shares all else', () => {
    const known = new Set(objectsIn(previous));
    for (const leaf of settable()) {
      const changed = changedAt(leaf);
      const next = shareUnchanged(changed, previous);
      const where = leaf.path.join('.');
      expect(leaf.path.reduce(partAt, next as unknown), where).not.toEqual(leaf.value);
      const renewed = objectsIn(next).filter(each => !known.has(each));
      if (!isName(leaf)) expect(renewed.length, where).toBe(leaf.holders.length);
    }
    expect(shareUnchanged(copyOf(previous), previous)).toBe(previous);
  });

  it('is told, in words that name the key', () => {
    for (const leaf of settable()) {
      const lines = describeChanges(previous, changedAt(leaf));
      expect(lines.length, leaf.path.join('.')).toBeGreaterThan(0);
      if (!isName(leaf)) expect(lines.join('\n')).toContain(wordFor(leaf));
    }
    expect(describeChanges(previous, copyOf(previous))).toEqual([]);
  });

  it('tells no secret', () => {
    const hashes = [...everything.matchAll(/\b(?:sha256|scrypt): '?([^ ,}']+)/g)].map(([, hash]) => String(hash));
    const secrets = [token, ...hashes];
    const shown = settable().flatMap(leaf => describeChanges(previous, changedAt(leaf)));
    expect(secrets).toHaveLength(3);
    for (const secret of secrets) expect(shown.filter(line => line.includes(secret))).toEqual([]);
  });
});

it('the files of a configuration are all whose paths it holds', () => {
  const inFolder = leavesOf(previous)
    .map(({ value }) => String(value))
    .filter(text => text.startsWith(folder));
  expect(inFolder.length).toBeGreaterThan(6);
  expect([...filesOf(previous)].toSorted()).toEqual([...new Set(inFolder)].toSorted());
});
