import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startBackend } from '../support/backend.js';
import { rawRequest, request } from '../support/client.js';
import { startInProcess } from '../support/in-process.js';
import { phc } from '../support/password.js';
import { tempFolder } from '../support/temp.js';
import { handshake } from '../support/upgrade-scene.js';

/** A secret that is planted: none of them may come to light. */
const planted = 'hidden';

/** Where a client or a backend may put secrets. */
const headers = {
  authorization: `Basic ${btoa(`ops:${planted}-password`)}`,
  cookie: `sid=${planted}; beta=on`,
  referer: `https://ann:${planted}@app.example/?access_token=${planted}`,
  'proxy-authorization': `Bearer ${planted}`,
  'x-partner': `${planted}-key`,
  x_partner: planted,
  'x-tenant': planted,
  'x-csrf-token': planted,
  'user-agent': 'curl',
};

it.each(['json', 'pretty', 'combined'] as const)(
  'no secret gets into an access line of the format %s, nor into another line, a metric or an answer',
  async format => {
    const file = join(await tempFolder(), 'access.log');
    const backend = await startBackend((incoming, response) => {
      const fields = ['Set-Cookie', `sid=${planted}`, 'Location', `/next?token=${planted}`, 'X-Size', '1'];
      response.writeHead(incoming.url?.includes('fails') === true ? 503 : 302, fields).end();
    });
    const sha256 = hash('sha256', `${planted}-key`);
    const apiKey = { header: 'x-partner', keys: [{ id: 'partner-1', sha256 }] };
    const users = [{ name: 'ops', scrypt: phc(`${planted}-password`) }];
    const gateway = await startInProcess({
      logging: {
        level: 'trace',
        access: {
          ...{ file, format, redact: ['x-tenant'] },
          fields: {
            tenant: 'header:x-tenant',
            from: 'header:referer',
            to: 'response-header:location',
            beta: 'cookie:beta',
          },
        },
      },
      admin: { host: '127.0.0.1', port: 0, token: `${planted}-admin` },
      upstreams: { app: { backends: [backend.url], retries: { backoff: '1ms' } } },
      routes: [
        { match: { path: '/key' }, upstream: 'app', security: { auth: { apiKey } } },
        { match: { path: '/user' }, upstream: 'app', security: { auth: { basic: { users } } } },
        { match: { path: '/wrong' }, upstream: 'app', security: { auth: { basic: { users }, apiKey, mode: 'any' } } },
        { match: { path: '/*' }, upstream: 'app' },
      ],
    });
    const wrong = {
      ...headers,
      authorization: `Basic ${btoa(`ops:${planted}-wrong`)}`,
      'x-partner': `${planted}-wrong`,
    };
    const answers = [
      await request(gateway.port, { path: `/key?token=${planted}`, headers }),
      await request(gateway.port, { path: `/user?token=${planted}`, headers }),
      await request(gateway.port, { path: `/wrong?token=${planted}`, headers: wrong }),
      await request(gateway.port, { path: `/fails?token=${planted}`, headers }),
      await request(gateway.port, { path: '/body', method: 'POST', body: `{"password":"${planted}"}`, headers }),
      await request(gateway.port, { path: '/..%2f', headers }),
    ];
    const upgrade = { Origin: 'https://a.example', 'Sec-WebSocket-Protocol': `token.${planted}`, Upgrade: 'websocket' };
    await rawRequest(gateway.port, handshake(upgrade, `/socket?token=${planted}`));
    expect(answers.map(({ status }) => status).slice(0, 3)).toEqual([302, 302, 401]);
    expect(answers.filter(({ status }) => status >= 400).every(({ text }) => !text.includes(planted))).toBe(true);
    const metrics = await request(gateway.adminPort, {
      path: '/metrics',
      headers: { authorization: `Bearer ${planted}-admin` },
    });
    await gateway.stop();
    const lines = await readFile(file, 'utf8');
    expect(lines.match(/\n/g)!.length).toBeGreaterThanOrEqual(7);
    for (const text of [lines, gateway.logText, metrics.text]) expect(text).not.toContain(planted);
    expect(lines).not.toContain(btoa(planted).slice(0, 6));
    expect(lines).toMatch(format === 'combined' ? /partner-1/ : /beta/);
  },
);

it('the names of clients are told where they are known, and never what they have sent wrongly', async () => {
  const backend = await startBackend();
  const gateway = await startInProcess({
    upstreams: { app: { backends: [backend.url] } },
    security: {
      auth: {
        apiKey: { keys: [{ id: 'partner-1', sha256: hash('sha256', 'right') }] },
        forwardUser: 'x-user',
      },
      rateLimit: { limit: 1, per: '1h', key: 'identity' },
    },
    routes: [{ match: { path: '/*' }, upstream: 'app' }],
  });
  const ask = async (key: string): Promise<unknown> => {
    const path = `/${Math.random()}`;
    await request(gateway.port, { path, headers: { 'x-api-key': key, 'x-user': 'root', x_user: 'root' } });
    const line = await gateway.waitForLog(each => each['path'] === path);
    return [line['status'], line['identity'], line['auth'], line['reason']];
  };
  expect(await ask('right')).toEqual([200, 'partner-1', 'api-key', undefined]);
  expect(backend.last.rawHeaders.filter((_, index, all) => /^x.user$/i.test(all[index - 1] ?? ''))).toEqual([
    'partner-1',
  ]);
  expect(await ask('right')).toEqual([429, 'partner-1', 'api-key', 'rate-limit 1/1h per identity']);
  expect(await ask('wrong')).toEqual([401, undefined, undefined, 'api-key unknown']);
});
