import fc from 'fast-check';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BodySchema } from '../../body-schema/body-schema.js';
import { GatewayError } from '../../http/gateway-error.js';
import type { Verdict } from '../policy.js';
import { SketchedRequest } from '../testing.js';
import { JsonBody } from './json-body.js';

let folder: string;
let policy: JsonBody;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-body-'));
  const file = join(folder, 'schema.json');
  // Recursive, as comments or categories are.
  const tree = { type: 'object', properties: { below: { $ref: '#' }, name: { type: 'string' } } };
  writeFileSync(file, JSON.stringify(tree));
  policy = new JsonBody(BodySchema.read(file));
});
afterAll(() => rmSync(folder, { recursive: true }));

const statusOf = (verdict: unknown): number => (verdict instanceof GatewayError ? verdict.status : 200);
const ofHead = (fields: readonly string[], method = 'POST'): number =>
  statusOf(policy.check(new SketchedRequest({ method, fields })));
const ofBody = (body: string | Buffer): Verdict => policy.checkBody(new SketchedRequest(), Buffer.from(body));

describe('JsonBody', () => {
  it.each([
    ['application/json', 200],
    ['APPLICATION/JSON ; Charset="UTF-8"', 200],
    ['application/merge-patch+json', 200],
    ['application/json; charset=utf-7', 415],
    ['application/json; charset=utf-8; charset=utf-16', 415],
    ['application/json, application/json', 415],
    ['application/x-json', 415],
    ['text/plain', 415],
    ['+json', 415],
    ['text/html;x=a/b+json', 415],
  ])('answers a body of type %j with %i', (type, status) => {
    expect(ofHead(['Content-Type', type, 'Content-Length', '2'])).toBe(status);
  });

  it.each([
    ['identity', 200],
    ['gzip', 415],
    ['identity, gzip', 415],
    ['br', 415],
    ['', 415],
  ])('answers a body with the coding %j with %i', (coding, status) => {
    expect(ofHead(['Content-Type', 'application/json', 'Content-Length', '2', 'Content-Encoding', coding])).toBe(
      status,
    );
  });

  it('refuses two types, and a body without any', () => {
    const typed = ['Content-Type', 'application/json', 'Content-Length', '2'];
    expect(ofHead([...typed, 'content-type', 'text/plain'])).toBe(400);
    expect(ofHead(['Content-Length', '2'])).toBe(415);
  });

  it('requires a body for methods that need one, and checks a body with any method', () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'QUERY']) expect(ofHead([], method)).toBe(400);
    for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS']) expect(ofHead([], method)).toBe(200);
    expect(ofHead(['Content-Length', '2', 'Content-Type', 'text/plain'], 'GET')).toBe(415);
  });

  it.each(['', ' ', '{', '{} x', "{'a':1}", 'NaN', '\ufeff{}', '{"a":\u00001}', '[1,]'])(
    'refuses %j with 400',
    body => {
      expect(statusOf(ofBody(body))).toBe(400);
    },
  );

  it('refuses bytes that are no UTF-8 instead of guessing', () => {
    expect(statusOf(ofBody(Buffer.from([0x22, 0xff, 0x22])))).toBe(400);
    expect(statusOf(ofBody(Buffer.from([0x22, 0xc0, 0xaf, 0x22])))).toBe(400);
  });

  it('refuses a body that nests too deeply, and does not run out of stack before', () => {
    const nested = (depth: number): string => '{"below":'.repeat(depth) + '{}' + '}'.repeat(depth);
    expect(ofBody(nested(99))).toBeUndefined();
    expect(ofBody(nested(100))).toMatchObject({ status: 400, detail: expect.stringContaining('levels') as string });
    expect(statusOf(ofBody('['.repeat(1_000_000)))).toBe(400);
  });

  it('says where a body does not satisfy the schema', () => {
    expect(ofBody('{"below":{"name":"s3cret","below":{"name":41}}}')).toMatchObject({
      code: 'DENIED',
      status: 422,
      errors: [{ detail: 'must be string', pointer: '#/below/below/name' }],
    });
  });

  it('is not fooled by names that objects inherit, nor changes any object', () => {
    expect(ofBody('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}')).toBeUndefined();
    expect('polluted' in {}).toBe(false);
  });

  it('has an answer to any bytes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map(text => Buffer.from(text)),
        ),
        bytes => {
          expect([200, 400, 422]).toContain(statusOf(ofBody(Buffer.from(bytes))));
        },
      ),
    );
  });
});
