import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BodySchema } from './body-schema.js';

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-schema-'));
  file = join(folder, 'schema.json');
});
afterAll(() => rmSync(folder, { recursive: true }));

function schemaOf(content: unknown): BodySchema {
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return BodySchema.read(file);
}

function refusalOf(content: unknown): string {
  try {
    schemaOf(content);
  } catch (error) {
    return (error as Error).message.replace(file, 'schema.json');
  }
  return 'none';
}

const order = {
  type: 'object',
  required: ['item', 'amount'],
  properties: { item: { type: 'string', maxLength: 5 }, amount: { type: 'integer', minimum: 1 } },
  additionalProperties: false,
};

describe('BodySchema', () => {
  it('finds nothing wrong with a body that satisfies it', () => {
    expect(schemaOf(order).errorsOf({ item: 'book', amount: 1 }, 30)).toBeUndefined();
  });

  it('names all failing places, and never their values', () => {
    const errors = schemaOf(order).errorsOf({ item: 'secret-secret', amount: -7, 'secret-key': 1 }, 60);
    expect(errors).toEqual([
      { detail: 'must NOT have additional properties', pointer: '#' },
      { detail: 'must NOT have more than 5 characters', pointer: '#/item' },
      { detail: 'must be >= 1', pointer: '#/amount' },
    ]);
  });

  it('names at most ten, and only the first of a large body', () => {
    const schema = schemaOf({ type: 'array', items: { type: 'string' } });
    const numbers = Array.from({ length: 50 }, (_, index) => index);
    expect(schema.errorsOf(numbers, 150)).toHaveLength(10);
    expect(schema.errorsOf(numbers, 20_000)).toEqual([{ detail: 'must be string', pointer: '#/0' }]);
    expect(schema.errorsOf(['a'], 5)).toBeUndefined();
  });

  it('writes a place as a valid fragment for any name that a client invents', () => {
    const schema = schemaOf({ additionalProperties: { type: 'string' } });
    const pointerFor = (name: string): string | undefined => schema.errorsOf({ [name]: 1 }, 20)?.[0]?.pointer;
    expect(pointerFor('a/b~c')).toBe('#/a~1b~0c');
    expect(pointerFor('ä #?"<\r\n')).toBe('#/%C3%A4%20%23?%22%3C%0D%0A');
    expect(pointerFor('\ud800')).toBe('#/%EF%BF%BD');
    expect(pointerFor('x'.repeat(100_000))).toHaveLength(201);
  });

  it('does not mistake properties that every object inherits for parts of the body', () => {
    const schema = schemaOf({
      type: 'object',
      required: ['constructor'],
      properties: { constructor: { type: 'string' }, toString: { type: 'number' } },
    });
    expect(schema.errorsOf({}, 2)).toEqual([{ detail: "must have required property 'constructor'", pointer: '#' }]);
    expect(schema.errorsOf(JSON.parse('{"constructor":"a","__proto__":{"toString":"no number"}}'), 60)).toBeUndefined();
  });

  it('knows drafts 2020-12 (the default) and 07, each with its own keywords', () => {
    const tuple = [{ type: 'string' }];
    expect(schemaOf({ prefixItems: tuple }).errorsOf([1], 3)).toHaveLength(1);
    const draft07 = { $schema: 'http://json-schema.org/draft-07/schema#', items: tuple };
    expect(schemaOf(draft07).errorsOf([1], 3)).toHaveLength(1);
    expect(refusalOf({ ...draft07, prefixItems: tuple })).toContain('unknown keyword: "prefixItems"');
    expect(refusalOf({ $schema: 'http://json-schema.org/draft-04/schema#' })).toMatchInlineSnapshot(
      `"the schema "schema.json" cannot be used: its $schema is "http://json-schema.org/draft-04/schema#", known are https://json-schema.org/draft/2020-12/schema, http://json-schema.org/draft-07/schema"`,
    );
  });

  it('checks formats', () => {
    const schema = schemaOf({ type: 'string', format: 'date' });
    expect(schema.errorsOf('2026-02-30', 12)).toEqual([{ detail: 'must match format "date"', pointer: '#' }]);
  });

  it.each([
    ['what is no JSON', '{ "type": '],
    ['what is no object', '[]'],
    ['a wrong keyword', { type: 'objekt' }],
    ['a keyword that it does not know', { requried: ['a'] }],
    ['a format that it does not know', { format: 'phone' }],
    ['a reference into the network', { $ref: 'http://127.0.0.1:1/remote.json' }],
    ['a reference into another file', { $ref: 'other.json#/a' }],
    ['a reference to nothing', { $ref: '#/$defs/none' }],
    ['a pattern that does not compile', { pattern: '(' }],
    ['a pattern that looks around', { properties: { a: { pattern: '^(?=.*a)b' } } }],
    ['a pattern of names with a back reference', { patternProperties: { '^(a|b)\\1$': {} } }],
  ])('refuses %s, in one line', (_, content) => {
    const message = refusalOf(content);
    expect(message).toMatch(/^the schema "schema\.json" cannot be used: .+$/);
    expect(message).toMatchSnapshot();
  });

  it('does not take data for schemas', () => {
    const content = { properties: { pattern: { const: { pattern: '(' } }, a: { enum: [{ pattern: '(a)\\1' }] } } };
    expect(refusalOf(content)).toBe('none');
  });

  it('refuses a file that is not there or too large', () => {
    const complaint = (path: string) => () => BodySchema.read(path);
    expect(complaint(join(folder, 'none.json'))).toThrow(/none\.json" cannot be used: does not exist$/);
    expect(complaint(folder)).toThrow(/cannot be used: is a directory$/);
    writeFileSync(file, ' '.repeat(1024 * 1024 + 1));
    expect(complaint(file)).toThrow(/cannot be used: is larger than 1mb$/);
  });

  it('says that a schema never ends, when it goes round in circles', () => {
    const circle = {
      $ref: '#/$defs/a',
      $defs: { a: { anyOf: [{ $ref: '#/$defs/b' }, { $ref: '#/$defs/b' }] }, b: { $ref: '#/$defs/a' } },
    };
    expect(refusalOf({ $ref: '#' })).toContain('never ends');
    expect(refusalOf(circle)).toContain('never ends');
  });
});

describe('a body that was made to hurt', () => {
  /** Steps that the check of the body takes; `spent`: the check was given up. */
  function workOf(schema: unknown): (body: unknown) => number | 'spent' {
    const compiled = schemaOf(schema);
    return body => workIn(compiled, body);
  }
  function workIn(compiled: BodySchema, body: unknown): number | 'spent' {
    const errors = compiled.errorsOf(body, Math.max(20_000, JSON.stringify(body).length));
    return errors?.[0]?.detail.startsWith('takes more work') ? 'spent' : compiled.stepsTaken;
  }
  const nested = (depth: number, end: unknown): unknown => (depth === 0 ? end : { a: nested(depth - 1, end) });
  const doubling = (keyword: string): unknown => ({
    type: 'object',
    properties: { a: { [keyword]: [{ $ref: '#' }, { $ref: '#' }] }, b: { type: 'null' } },
  });

  it.each([
    ['oneOf', 1],
    ['oneOf', null],
    ['anyOf', 1],
    ['allOf', null],
  ])('is given up where each level doubles the work: %s, ending in %j', (keyword, b) => {
    const of = workOf(doubling(keyword));
    const work = (depth: number): number | 'spent' => of(nested(depth, { b }));
    expect(work(10)).toBeLessThan(2 ** 18);
    expect(work(24)).toBe('spent');
    expect(work(90)).toBe('spent');
  });

  it.each<[what: string, schema: unknown, body: (size: number) => unknown]>([
    [
      'large items that must differ',
      { uniqueItems: true },
      size => Array.from({ length: size / 10 }, (_, i) => ({ a: 'x'.repeat(1000), i })),
    ],
    ['many items that must differ', { uniqueItems: true }, size => Array.from({ length: size }, (_, i) => [i])],
    [
      'names',
      { additionalProperties: { type: 'number' } },
      size => Object.fromEntries(Array.from({ length: size }, (_, i) => [`n${i}`, 1])),
    ],
    ['long texts', { maxLength: 1e9, minLength: 1 }, size => 'x'.repeat(100 * size)],
    ['texts of a pattern', { pattern: '^(?i:(a|A)*)$' }, size => `${'a'.repeat(10 * size)}!`],
    ['texts of a format', { format: 'email' }, size => `${'a.'.repeat(10 * size)}!`],
    ['texts of another', { format: 'uri' }, size => `a:${'%41/'.repeat(5 * size)}<`],
    [
      'comparisons',
      { items: { enum: [{ a: 1 }, [1, [2]], 3] } },
      size => Array.from({ length: size }, () => ({ a: 2 })),
    ],
    [
      'items with several meanings',
      { items: { oneOf: [{ const: 1 }, { type: 'object' }, { type: 'array' }] } },
      size => Array.from({ length: size }, () => ({})),
    ],
    [
      'items that nothing else evaluates',
      { anyOf: [{ prefixItems: [true] }, { contains: { const: 1 } }], unevaluatedItems: { type: 'number' } },
      size => Array.from({ length: size }, () => 1),
    ],
  ])('takes work in proportion to its size where it has %s', (_, schema, body) => {
    const work = workOf(schema);
    const [small, large] = [100, 400].map(size => work(body(size)) as number);
    expect(small).toBeGreaterThan(20);
    expect(large).toBeLessThan(5 * small! + 5000);
  });

  it.each<[what: string, schema: unknown, body: unknown]>([
    ['a format that has no linear time', { format: 'url' }, `http://${'a:'.repeat(5000)}@`],
    [
      'such a pattern of many places',
      { pattern: 'a.{2000}b$' },
      Array.from({ length: 40_000 }, (_, i) => ((i * i) % 7 < 3 ? 'a' : 'c')).join(''),
    ],
  ])('is given up for %s', (_, schema, body) => expect(workOf(schema)(body)).toBe('spent'));

  it('differs from an honest one: a large list of small objects passes', () => {
    const item = {
      oneOf: [
        {
          type: 'object',
          required: ['id'],
          properties: {
            id: { type: 'integer' },
            name: { type: 'string', maxLength: 40, pattern: '^[\\w -]+$' },
            at: { format: 'date-time' },
          },
          additionalProperties: false,
        },
        { type: 'null' },
      ],
    };
    const body = Array.from({ length: 20_000 }, (_, id) => ({ id, name: `Item ${id}`, at: '2026-11-29T12:00:00Z' }));
    expect(schemaOf({ type: 'array', items: item }).errorsOf(body, JSON.stringify(body).length)).toBeUndefined();
  });

  it('compares items as JSON does', () => {
    const schema = schemaOf({ uniqueItems: true });
    const equal = [
      [1, 1.0],
      [
        { a: 1, b: [2] },
        { b: [2], a: 1 },
      ],
      [[], []],
      ['', ''],
      [0, -0],
      ['x'.repeat(500), 'x'.repeat(500)],
    ];
    for (const items of equal)
      expect(schema.errorsOf(items, 1)).toEqual([{ detail: 'must NOT have duplicate items', pointer: '#' }]);
    for (const items of [
      [1, '1'],
      [1, true],
      [0, false, null, '', [], {}],
      [{ a: 1 }, { a: '1' }],
      [[1, 2], [12]],
      ['a,b', 'a', 'b'],
    ]) {
      expect(schema.errorsOf(items, 1)).toBeUndefined();
    }
  });

  it('counts the characters of a text, not their parts', () => {
    const schema = schemaOf({ minLength: 3, maxLength: 5 });
    const fits = (text: string): boolean => schema.errorsOf(text, 1) === undefined;
    expect(['ab', 'abc', 'abcde', 'abcdef'].map(fits)).toEqual([false, true, true, false]);
    expect([2, 3, 5, 6].map(count => fits('😀'.repeat(count)))).toEqual([false, true, true, false]);
    expect(fits('a😀b\ud83dc')).toBe(true);
  });
});
