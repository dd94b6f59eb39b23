import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { check } from './check.js';

let folder: string;
const written = { out: '', err: '' };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-check-'));
  Object.assign(written, { out: '', err: '' });
  vi.spyOn(process.stdout, 'write').mockImplementation(text => ((written.out += String(text)), true));
  vi.spyOn(process.stderr, 'write').mockImplementation(text => ((written.err += String(text)), true));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

function fileWith(routes: string): string {
  const file = join(folder, 'gateway.yaml');
  writeFileSync(file, `upstreams:\n  app:\n    backends: [http://127.0.0.1:3001]\nroutes:\n${routes}`);
  return file;
}

it('warns of a route that no request reaches, at its place in the file', async () => {
  const file = fileWith(`  - { name: all, priority: 1, upstream: app }
  - name: orders
    match: { path: /orders/* }
    upstream: app
`);
  expect(await check(file, {})).toBe(0);
  expect(written.err).toBe(
    `warning: ${file}:7:12 routes[1].match: no request reaches this route: routes[0] (all) takes all that it could get\n`,
  );
});

it('warns of one path of a route that is reached by another', async () => {
  const file = fileWith(`  - { name: ping, match: { path: /ping }, upstream: app }
  - { name: more, match: { path: [/ping, /pong] }, upstream: app }
`);
  await check(file, { json: true });
  const { valid, warnings } = JSON.parse(written.out) as { valid: boolean; warnings: { message: string }[] };
  expect([valid, ...warnings.map(({ message }) => message)]).toEqual([
    true,
    'its path /ping never matches: routes[0] (ping) takes all that it could get',
  ]);
});

it('has no warning where the narrower route comes first by itself', async () => {
  expect(
    await check(
      fileWith(`  - { name: all, upstream: app }
  - { name: orders, match: { path: /orders/* }, upstream: app }
`),
      {},
    ),
  ).toBe(0);
  expect(written.err).toBe('');
});
