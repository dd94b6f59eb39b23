import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCommand } from '../../test/support/command.js';
import type { Explanation } from '../explain/explanation.js';

let folder: string;
let file: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-explain-'));
  file = join(folder, 'gateway.yaml');
  writeFileSync(
    file,
    `listeners: [{ name: web, port: 8080 }]
rateLimitStore: { redis: 'redis://127.0.0.1:1' }
upstreams:
  app:
    backends: [{ id: a, url: 'http://127.0.0.1:1' }]
    healthCheck: { path: /healthz }
routes:
  - { name: shop, match: { hosts: [shop.example] }, upstream: app }
  - { name: closed, match: { path: /closed }, respond: { status: 403 } }
security:
  rateLimit: { limit: 5, per: 1s }
`,
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

it('tells from the file alone what would become of a request', async () => {
  const { code, stderr, stdout } = await runCommand(['explain', 'http://shop.example/a', '--config', file]);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('GET http://shop.example/a\n  → forwarded to upstream app, round-robin: a\n');
  expect(stdout).toContain('rateLimit  passes  5/1s per address: 4 left behind this request');
});

it('takes a method, headers and an address, and the file from the environment', async () => {
  const words = ['explain', 'POST', '/a', '--json', '--ip', '192.0.2.7', '-H', 'Host: shop.example', '-H', 'x-a: 1'];
  const { code, stdout } = await runCommand(words, { env: { GATEWAY_CONFIG: file } });
  const told = JSON.parse(stdout) as Explanation;
  expect([code, told.request.method, told.route, told.client.address]).toEqual([0, 'POST', 'shop', '192.0.2.7']);
  expect(told.forwarded?.changes).not.toContain('- x-a: 1');
});

it('is content with a refusal: that is an answer', async () => {
  const { code, stdout } = await runCommand(['explain', '/closed', '--config', file]);
  expect([code, stdout]).toEqual([0, expect.stringContaining('→ answered: 403')]);
});

it.each<[string, string[], number, string]>([
  ['a header that is none', ['/', '-H', 'hidden'], 2, 'a --header is a name, a colon and a value'],
  ['a listener that is not there', ['/', '--listener', 'wbe'], 2, 'did you mean "web"?'],
  ['an address that is none', ['/', '--ip', 'here'], 2, '"ip" must be an IP address'],
  ['a URL that is none', ['shop.example/a'], 2, '"url" must be a URL'],
  ['three words', ['GET', '/', '/b'], 2, 'a method and a URL'],
])('refuses %s', async (_, words, status, says) => {
  const { code, stderr, stdout } = await runCommand(['explain', ...words, '--config', file]);
  expect([code, stdout]).toEqual([status, '']);
  expect(stderr).toContain(says);
  expect(stderr).not.toContain('hidden');
});

it('needs a file, and a valid one', async () => {
  expect(await runCommand(['explain', '/'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--config') });
  const broken = join(folder, 'broken.yaml');
  writeFileSync(broken, 'upstrems: {}\n');
  expect((await runCommand(['explain', '/', '--config', broken])).code).toBe(1);
});

it('prints what docs/explain.md shows', async () => {
  const page = readFileSync(new URL('../../docs/explain.md', import.meta.url), 'utf8');
  const [, yaml] = /^```yaml\n(.*?)^```/ms.exec(page)!;
  const [, command, shown] = /^```\n\$ gatehouse (explain .*? -H 'Cookie: session=1')\n(.*?)^```/ms.exec(page)!;
  const shownFile = join(folder, 'shown.yaml');
  writeFileSync(shownFile, yaml!);
  const words = [...command!.replaceAll('\\\n', '').matchAll(/'([^']*)'|(\S+)/g)].map(
    ([, quoted, word]) => quoted ?? word!,
  );
  const args = words.map(word => (word === 'gateway.yaml' ? shownFile : word));
  const { stdout } = await runCommand(args);
  // Ids differ each time.
  const plain = (text: string): string => text.replaceAll(/(request-id: |gatehouse-)[0-9a-f-]+/g, '$1…');
  expect(plain(stdout)).toBe(plain(shown!));
});
