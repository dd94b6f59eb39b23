import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { beforeAll, describe, expect, it } from 'vitest';
import { open } from '../support/client.js';
import { answers, type Asked, type ForwardingHost, Noting, startForwarding } from '../support/forwarding-host.js';
import { platforms } from '../support/host-app.js';
import { eventually } from '../support/poll.js';

const digest = (body: Buffer | string): string => createHash('sha256').update(body).digest('hex');

describe.each(platforms)('a handler whose requests are forwarded, on %s', platform => {
  let host: ForwardingHost;
  beforeAll(async () => {
    host = await startForwarding(platform);
  });
  const json = { 'content-type': 'application/json' };

  it('has its guards, interceptors and pipes before it, and its backend behind them', async () => {
    const headers = { 'x-user': 'ann', 'x-secret': 'a' };
    const response = await host.ask('/orders/4?a=1', { headers });
    const { url, fields } = response.json<Asked>();
    expect([response.status, url]).toEqual([200, '/v2/orders/5?a=1']);
    expect(fields).toMatchObject({ 'x-user': 'ann', 'x-known': 'is ann', 'x-from': 'shop' });
    expect([fields['x-secret'], response.header('x-noted'), Noting.ended.at(-1)]).toEqual([undefined, 'yes', 'order']);
    expect((await host.ask('/orders/4')).status).toBe(403);
    expect((await host.ask('/orders/four', { headers })).status).toBe(400);
    const refused = await host.ask('/orders/13', { headers });
    expect([refused.status, refused.json<{ message: string }>().message]).toEqual([403, 'not that one']);
  });

  it('answers what the backend answers: status, reason, fields, trailers, early hints', async () => {
    const response = await host.ask('/raw/odd', { headers: { te: 'trailers', connection: 'te' } });
    expect([response.status, response.statusMessage, response.text]).toEqual([299, 'Quite Fine', 'half whole']);
    expect(response.headerValues('set-cookie')).toEqual(['a=1', 'b=2']);
    expect(response.headerValues('x-a')).toEqual(['1', '3']);
    expect(response.rawHeaders).toContain('x-b');
    expect([response.header('date'), response.header('x-powered-by')]).toEqual([
      'Mon, 01 Jan 2024 00:00:00 GMT',
      undefined,
    ]);
    expect(response.rawTrailers).toEqual(['X-Sum', '7']);
    expect(response.informational.map(({ status }) => status)).toEqual([103]);
    expect((await host.ask('/raw/nothing')).status).toBe(204);
    const head = await host.ask('/raw/x', { method: 'HEAD' });
    expect([head.status, head.text, head.header('content-type')]).toEqual([200, '', 'application/json']);
  });

  it('streams a body that nothing has read, with its trailers', async () => {
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const pieces = async function* () {
      for (let count = 0; count < 64; count++) yield await Promise.resolve(chunk);
    };
    const response = await host.ask('/raw/upload', {
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream', trailer: 'x-sum' },
      body: pieces(),
      trailers: { 'x-sum': '9' },
    });
    const { hash, length, trailers } = response.json<Asked>();
    expect([length, hash]).toEqual([64 * chunk.length, digest(Buffer.alloc(64 * chunk.length, 'x'))]);
    expect(trailers).toEqual({ 'x-sum': '9' });
  });

  it('sends again what a parser has read: JSON and forms', async () => {
    const sent = await host.ask('/raw/json', { method: 'POST', headers: json, body: '{ "a": [1, "ä"] }' });
    expect(sent.json<Asked>()).toMatchObject({ hash: digest('{"a":[1,"ä"]}'), fields: json });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const form = await host.ask('/raw/form', { method: 'POST', headers, body: 'a=1&b=x+y&a=2' });
    expect(form.json<Asked>().hash).toBe(digest('a=1&a=2&b=x+y'));
  });

  it('tells of a backend that fails as the gateway does', async () => {
    await expect(host.ask('/raw/broken')).rejects.toThrow('broke off');
    const response = await host.ask('/missing');
    expect(response.status).toBe(500);
  });

  it('takes the routes and their names from the configuration, and another gateway by its name', async () => {
    const post = { method: 'POST', headers: json, body: '{}' };
    expect((await host.ask('/code/routes?b', post)).json<Asked>().url).toBe('/routed?b');
    expect((await host.ask('/code/other', post)).json<Asked>().url).toBe('/code/other');
    expect((await host.ask('/named')).json<Asked>().url).toBe('/named');
    expect((await host.ask('/code/fault', post)).status).toBe(500);
    const line = await eventually(() => host.log().find(({ path }) => path === '/routed') ?? false);
    expect(line).toMatchObject({ route: 'all', listener: 'application', upstream: 'orders', status: 200 });
    await eventually(() => host.log().find(({ route }) => route === 'upstream:orders') ?? false);
  });

  it('has its attempt ended when its client leaves', async () => {
    const before = host.backend.requests.length;
    const leaving = new AbortController();
    const asking = host.ask('/raw/waits', { signal: leaving.signal });
    await eventually(() => host.backend.requests.length > before);
    leaving.abort();
    await expect(asking).rejects.toThrow();
    const line = await eventually(() => host.log().find(({ path }) => path === '/raw/waits') ?? false);
    expect(line).toMatchObject({ status: 499, error: 'CLIENT_ABORTED' });
  });

  it('leaves the host no faster than its client reads', async () => {
    const { backend, port } = host;
    let written = 0;
    answers['/raw/flood'] = async (_, response) => {
      const chunk = Buffer.alloc(256 * 1024);
      while (written < 400) {
        written++;
        if (!response.write(chunk)) await once(response, 'drain');
      }
      response.end();
    };
    const opened = await open(port, { path: '/raw/flood' });
    // It stands still while nothing is read.
    let seen = -1;
    await eventually(
      () => {
        const before = seen;
        seen = written;
        return before === written;
      },
      { interval: 200 },
    );
    expect(written).toBeLessThan(200);
    let length = 0;
    opened.response.on('data', (chunk: Buffer) => (length += chunk.length));
    await once(opened.response, 'end');
    expect([written, length]).toEqual([400, 400 * 256 * 1024]);
    expect(backend.errors).toEqual([]);
  });
});

describe.each(platforms)('the raw body of an application, on %s', platform => {
  it('is what the backend gets', async () => {
    const host = await startForwarding(platform, { rawBody: true });
    const body = '{ "a":   1 }';
    const sent = await host.ask('/raw/json', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    expect(sent.json<Asked>()).toMatchObject({ hash: digest(body), length: body.length });
  });

  it('is missed where a parser has made something else of it: one error says what to do', async () => {
    const host = await startForwarding(platform);
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const response = await host.ask('/nested', { method: 'POST', headers, body: 'a[b]=1' });
    expect(response.status).toBe(platform === 'Express' ? 418 : 200);
    if (platform === 'Express') expect(response.text).toMatch(/rawBody: true/);
  });
});
