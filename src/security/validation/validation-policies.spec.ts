import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tempFolder } from '../../../test/support/temp.js';
import type { GatewayConfig } from '../../config/file/gateway.config.js';
import { shareUnchanged } from '../../config/live/share-unchanged.js';
import { buildConfig } from '../../config/loading/load-config.js';
import { SketchedRequest, sourced } from '../testing.js';
import { ValidationPolicies } from './validation-policies.js';

const taking = (type: string): string => JSON.stringify({ type });

/** A schema file, with configurations whose routes have it checked each. */
async function setUp() {
  const schema = join(await tempFolder(), 'schema.json');
  await writeFile(schema, taking('string'));
  const validation = { maxBody: '1kb', body: { schema } } as const;
  const configOf = (...names: string[]): GatewayConfig =>
    buildConfig({
      routes: names.map(name => ({ name, match: { path: `/${name}` }, respond: {}, security: { validation } })),
    });
  const source = new ValidationPolicies();
  /** Whether the body of a request to the route satisfies its schema. */
  const takes = (config: GatewayConfig, body: unknown, index = 0): boolean =>
    sourced(source, config, index).every(
      ({ policy }) => policy.checkBody?.(new SketchedRequest(), Buffer.from(JSON.stringify(body))) === undefined,
    );
  return { schema, configOf, takes };
}

it('a schema that has changed holds from the next configuration on, and the one before keeps its own', async () => {
  const { schema, configOf, takes } = await setUp();
  const before = configOf('a');
  expect([takes(before, 'text'), takes(before, 1)]).toEqual([true, false]);
  await writeFile(schema, taking('number'));
  const next = shareUnchanged(configOf('a'), before, new Set([schema]));
  expect([takes(next, 'text'), takes(next, 1)]).toEqual([false, true]);
  expect(takes(before, 'text')).toBe(true);
});

it('a schema whose block has not changed is not read again', async () => {
  const { schema, configOf, takes } = await setUp();
  const before = configOf('a');
  expect(takes(before, 1)).toBe(false);
  const next = shareUnchanged(configOf('b', 'a'), before);
  await rm(schema);
  expect(takes(next, 1, 1)).toBe(false);
  // The other route of the same file has what was read for this one.
  expect(takes(next, 'text', 0)).toBe(true);
});

it('a schema that several routes name is read once for a configuration', async () => {
  const { schema, configOf, takes } = await setUp();
  const config = configOf('a', 'b');
  expect(takes(config, 1, 0)).toBe(false);
  await rm(schema);
  expect(takes(config, 1, 1)).toBe(false);
});
