import { expect } from 'vitest';
import { rawRequest, request } from '../../support/client.js';
import { namesOf, valueOf, valuesOf } from '../../support/header-list.js';
import { startBackend } from '../../support/backend.js';
import { startRawBackend } from '../../support/raw-backend.js';
import { handshake } from '../../support/upgrade-scene.js';
import type { Contract, Settings } from './contract.js';
import { headOf, message, ok, seenHead } from './wire.js';

const spoofed = [
  'X-Forwarded-For: 9.9.9.9',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Host: evil.example',
  'X-Forwarded-Port: 443',
  'Forwarded: for=9.9.9.9;proto=https',
  'X-Real-IP: 9.9.9.9',
  'X-Request-Id: chosen-by-client',
  'X_Forwarded_For: 9.9.9.9',
];
const trusting: Settings = { config: { trustedProxies: ['127.0.0.1/32'] } };

/** Who asked: X-Forwarded-*, Forwarded, X-Real-IP, X-Request-Id, Host; and the header rules of a route. */
export function forwardingFields(contract: Contract): void {
  contract.rule('replaces what a client that is not trusted says of itself', async running => {
    const { fields, setup } = await seenHead(running, message('GET /', spoofed));
    const port = String(setup.port);
    expect(valuesOf(fields, 'x-forwarded-for')).toEqual(['127.0.0.1']);
    expect(valuesOf(fields, 'x-forwarded-proto')).toEqual(['http']);
    expect(valuesOf(fields, 'x-forwarded-host')).toEqual(['shop.example']);
    expect(valuesOf(fields, 'x-forwarded-port')).toEqual([port]);
    expect(valuesOf(fields, 'forwarded')).toEqual(['for=127.0.0.1;host=shop.example;proto=http']);
    expect(valuesOf(fields, 'x-real-ip')).toEqual(['127.0.0.1']);
    expect(valuesOf(fields, 'x-request-id')).toEqual([expect.stringMatching(/^[\da-f-]{36}$/)]);
    expect(fields.join()).not.toMatch(/9\.9\.9\.9|evil|chosen/);
  });

  contract.rule('keeps what a trusted proxy says and adds to it', async running => {
    const { fields, setup } = await seenHead(running, message('GET /', spoofed), trusting);
    expect(valuesOf(fields, 'x-forwarded-for')).toEqual(['9.9.9.9, 127.0.0.1']);
    expect(valuesOf(fields, 'x-forwarded-proto')).toEqual(['https']);
    expect(valuesOf(fields, 'x-forwarded-host')).toEqual(['evil.example']);
    expect(valuesOf(fields, 'x-forwarded-port')).toEqual(['443']);
    expect(valuesOf(fields, 'forwarded')).toEqual([
      'for=9.9.9.9;proto=https, for=127.0.0.1;host=shop.example;proto=http',
    ]);
    expect(valuesOf(fields, 'x-real-ip')).toEqual(['9.9.9.9']);
    expect(valuesOf(fields, 'x-request-id')).toEqual(['chosen-by-client']);
    expect((await setup.logged())['requestId']).toBe('chosen-by-client');
  });

  contract.rule('writes to Forwarded what a trusted proxy has sent in X-Forwarded-* only', async running => {
    const sent = ['X-Forwarded-For: 9.9.9.9, 2001:db8::1', 'X-Forwarded-Proto: https', 'X-Forwarded-Host: out.example'];
    const { fields } = await seenHead(running, message('GET /', sent), trusting);
    expect(valuesOf(fields, 'forwarded')).toEqual([
      'for=9.9.9.9;host=out.example;proto=https, for="[2001:db8::1]", for=127.0.0.1;host=shop.example;proto=http',
    ]);
    expect(valuesOf(fields, 'x-forwarded-for')).toEqual(['9.9.9.9, 2001:db8::1, 127.0.0.1']);
    expect(valuesOf(fields, 'x-forwarded-proto')).toEqual(['https']);
    expect(valuesOf(fields, 'x-forwarded-host')).toEqual(['out.example']);
  });

  contract.rule('writes to X-Forwarded-* what a trusted proxy has sent in Forwarded only', async running => {
    const forwarded = 'for=9.9.9.9;host="out.example:444";proto=https, for="[2001:db8::1]"';
    const trust: Settings = { config: { trustedProxies: ['127.0.0.1', '2001:db8::/32'] } };
    const { fields } = await seenHead(running, message('GET /', [`Forwarded: ${forwarded}`]), trust);
    expect(valuesOf(fields, 'forwarded')).toEqual([`${forwarded}, for=127.0.0.1;host=shop.example;proto=http`]);
    expect(valuesOf(fields, 'x-forwarded-for')).toEqual(['9.9.9.9, 2001:db8::1, 127.0.0.1']);
    expect(valuesOf(fields, 'x-forwarded-proto')).toEqual(['https']);
    expect(valuesOf(fields, 'x-forwarded-host')).toEqual(['out.example:444']);
    expect(valuesOf(fields, 'x-forwarded-port')).toEqual(['444']);
    expect(valuesOf(fields, 'x-real-ip')).toEqual(['9.9.9.9']);
  });

  contract.rule('names the backend as Host of a request of HTTP/1.0 that names none', async running => {
    for (const settings of [{}, trusting]) {
      for (const field of ['X-A: 1', 'Accept: text/event-stream']) {
        const backend = await startRawBackend(ok);
        const { port, authority } = await running.start(backend, settings);
        await rawRequest(port, `GET / HTTP/1.0\r\n${field}\r\n\r\n`);
        const { fields } = headOf((await backend.connection()).text);
        expect(valuesOf(fields, 'host')).toEqual([authority]);
        expect(valuesOf(fields, 'x-forwarded-host')).toEqual([]);
        expect(valuesOf(fields, 'forwarded')).toEqual(['for=127.0.0.1;proto=http']);
      }
    }
  });

  contract.rule('sends the Host that hostHeader asks for', async running => {
    for (const hostHeader of ['preserve', 'backend', 'inner.example:8']) {
      const backend = await startBackend();
      const { port, authority } = await running.start(backend, { upstream: { hostHeader } });
      await request(port, { headers: ['HOST', 'Shop.Example:99'] });
      const expected = { preserve: 'Shop.Example:99', backend: authority }[hostHeader] ?? hostHeader;
      expect(valuesOf(backend.last.rawHeaders, 'host')).toEqual([expected]);
      expect(valueOf(backend.last.rawHeaders, 'x-forwarded-host')).toBe('Shop.Example:99');
    }
  });

  contract.rule(
    'sends the Host that a rule of the route sets, before all other fields and with any hostHeader',
    async running => {
      const route = { headers: { request: { set: { Host: 'tenant.example:8' } } } };
      const requests = {
        plain: message('GET /'),
        'with a body': message('POST /', ['Content-Length: 2'], 'hi'),
        'with chunks': message('POST /', ['Transfer-Encoding: chunked'], '2\r\nhi\r\n0\r\n\r\n'),
        'that expects': message('POST /', ['Expect: 100-continue', 'Content-Length: 2'], 'hi'),
        'for events': message('GET /', ['Accept: text/event-stream']),
        'for all': message('OPTIONS *'),
        'to switch': handshake(),
        'to switch to something else': handshake({ Upgrade: 'echo' }),
        old: 'GET / HTTP/1.0\r\n\r\n',
      };
      const websocket = { upgrades: ['websocket', 'echo'] };
      const settings: Settings = { upstream: { hostHeader: 'inner.example' }, route: { ...route, websocket } };
      for (const [kind, bytes] of Object.entries(requests)) {
        const { fields } = await seenHead(running, bytes, settings);
        expect([kind, valuesOf(fields, 'host')]).toEqual([kind, ['tenant.example:8']]);
        expect([kind, namesOf(fields)[0]?.toLowerCase()]).toEqual([kind, 'host']);
      }
    },
  );

  contract.rule('applies the header rules of the route both ways', async running => {
    const backend = await startBackend((_, response) =>
      response.writeHead(200, ['Server', 'x', 'X-Kept', '1', 'X-Old', '2']).end(),
    );
    const rules = {
      request: { set: { 'X-Tier': 'gold' }, add: { 'X-More': '2' }, remove: ['cookie', 'User-Agent'] },
      response: { set: { 'X-Old': '3' }, add: { 'X-Also': '4' }, remove: ['server'] },
    };
    const { port } = await running.start(backend, { route: { headers: rules } });
    const response = await request(port, {
      headers: ['Cookie', 'a=1', 'User-Agent', 'u', 'x-tier', 'none', 'X-More', '1'],
    });
    const seen = backend.last.rawHeaders;
    expect([valuesOf(seen, 'cookie'), valuesOf(seen, 'user-agent')]).toEqual([[], []]);
    expect([valuesOf(seen, 'x-tier'), valuesOf(seen, 'x-more')]).toEqual([['gold'], ['1', '2']]);
    expect(['server', 'x-kept', 'x-old', 'x-also'].map(name => response.headerValues(name))).toEqual([
      [],
      ['1'],
      ['3'],
      ['4'],
    ]);
  });

  contract.rule('keeps a client on its backend by the sticky cookie', async running => {
    const names = ['one', 'two'];
    const backends = await Promise.all(names.map(name => startBackend((_, response) => response.end(name))));
    const { port } = await running.start(
      backends.map(backend => backend.url),
      { upstream: { sticky: {} } },
    );
    const first = await request(port);
    const [cookie = ''] = first.headerValues('set-cookie');
    expect(cookie).toMatch(/^gw_app=[0-9a-f]{16}; Path=\/; HttpOnly; SameSite=Lax$/);
    for (let count = 0; count < 4; count++) {
      const again = await request(port, { headers: { Cookie: cookie.split(';')[0]! } });
      expect([again.text, again.headerValues('set-cookie')]).toEqual([first.text, []]);
    }
  });
}
