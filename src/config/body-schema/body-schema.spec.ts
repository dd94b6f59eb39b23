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

  it('names all failing places, and never what stands there', () => {
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

  it('writes a place as a fragment, whatever name a client made up', () => {
    const schema = schemaOf({ additionalProperties: { type: 'string' } });
    const pointerFor = (name: string): string | undefined => schema.errorsOf({ [name]: 1 }, 20)?.[0]?.pointer;
    expect(pointerFor('a/b~c')).toBe('#/a~1b~0c');
    expect(pointerFor('ä #?"<\r\n')).toBe('#/%C3%A4%20%23?%22%3C%0D%0A');
    expect(pointerFor('\ud800')).toBe('#/%EF%BF%BD');
    expect(pointerFor('x'.repeat(100_000))).toHaveLength(201);
  });

  it('does not take what every object inherits for a part of the body', () => {
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
    ['a pattern that may take exponential time', { properties: { a: { pattern: '^(a+)+$' } } }],
    ['such a pattern for names', { patternProperties: { '^(a|a)*$': {} } }],
    ['items that are compared each with each', { uniqueItems: true }],
    ['the same, of objects', { items: { type: 'object' }, uniqueItems: true, maxItems: 10_000 }],
  ])('refuses %s, in one line', (_, content) => {
    const message = refusalOf(content);
    expect(message).toMatch(/^the schema "schema\.json" cannot be used: .+$/);
    expect(message).toMatchSnapshot();
  });

  it('takes items that are cheap to compare', () => {
    for (const cheap of [{ items: { type: ['string', 'null'] } }, { maxItems: 1000 }]) {
      expect(refusalOf({ ...cheap, uniqueItems: true })).toBe('none');
    }
  });

  it('does not take data for schemas', () => {
    const content = { properties: { pattern: { const: { pattern: '(' } }, a: { enum: [{ pattern: '(a+)+' }] } } };
    expect(refusalOf(content)).toBe('none');
  });

  it('refuses a file that is not there or too large', () => {
    const complaint = (path: string) => () => BodySchema.read(path);
    expect(complaint(join(folder, 'none.json'))).toThrow(/none\.json" cannot be used: does not exist$/);
    expect(complaint(folder)).toThrow(/cannot be used: is a directory$/);
    writeFileSync(file, ' '.repeat(1024 * 1024 + 1));
    expect(complaint(file)).toThrow(/cannot be used: is larger than 1mb$/);
  });

  it('warns of patterns that may be slow, but not of those with a bounded text', () => {
    const slow = { properties: { a: { pattern: '\\s+$' } } };
    expect(schemaOf(slow).warnings).toMatchInlineSnapshot(`
      [
        "#/properties/a/pattern "\\\\s+$" may take time that grows faster than the text, so it matches no text of more than 2048 characters: begin it with ^, or give a maxLength",
      ]
    `);
    expect(schemaOf({ maxLength: 50, pattern: '\\s+$' }).warnings).toEqual([]);
    expect(schemaOf({ pattern: '^[a-z]+$' }).warnings).toEqual([]);
  });

  it('lets no hostile text hold it up', () => {
    const schema = schemaOf({ items: { pattern: '\\s+$' } });
    const hostile = Array.from({ length: 100 }, () => `${' '.repeat(100_000)}x`);
    const before = process.cpuUsage();
    expect(schema.errorsOf(hostile, 10_000_000)).toHaveLength(1);
    // Without a bound it is minutes.
    expect(process.cpuUsage(before).user).toBeLessThan(2_000_000);
    expect(schema.errorsOf(['a  '], 10)).toBeUndefined();
  });
});
