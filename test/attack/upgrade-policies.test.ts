import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { rawRequest } from '../support/client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { expectAtRest, gatewayTo } from '../support/scene.js';
import { startMixedBackend, handshake, startUpgradeBackend, upgraded } from '../support/upgrade-scene.js';

describe('policies hold for handshakes', () => {
  const sha256 = createHash('sha256').update('key').digest('hex');

  it.each([
    ['an address filter', { ipFilter: { deny: ['127.0.0.0/8'] } }, 403],
    ['authentication', { auth: { apiKey: { keys: [{ id: 'p', sha256 }] } } }, 401],
    ['a list of methods', { validation: { methods: ['POST'] } }, 405],
    ['fields that must be there', { validation: { requireHeaders: ['x-needed'] } }, 400],
    ['a limit of the target', { validation: { maxUrl: '8b' } }, 414],
    ['a limit of the fields', { validation: { maxHeaders: 3 } }, 431],
  ])('%s denies as it does other requests', async (_, security, status) => {
    const backend = await startMixedBackend();
    const gateway = await gatewayTo([backend], {}, { security });
    const plain = await rawRequest(gateway.port, 'GET /some/path HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n');
    const upgrade = await rawRequest(gateway.port, handshake({}, '/some/path'));
    expect(plain.status).toBe(status);
    expect(upgrade).toMatchObject({ status, clean: true });
    for (const name of ['x-gateway-error', 'content-type', 'www-authenticate', 'allow']) {
      expect(upgrade.header(name)).toBe(plain.header(name));
    }
    expect(backend.connections).toHaveLength(0);
    await expectAtRest(gateway);
  });

  it('a rate limit counts them with the other requests', async () => {
    const security = { rateLimit: { limit: 1, per: '1h', burst: 2 } };
    const gateway = await gatewayTo([await startMixedBackend()], {}, { security });
    expect(await rawRequest(gateway.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')).toMatchObject({ status: 200 });
    await upgraded(gateway.port);
    expect(await rawRequest(gateway.port, handshake())).toMatchObject({ status: 429, clean: true });
  });

  it('a key opens what needs one', async () => {
    const security = { auth: { apiKey: { keys: [{ id: 'p', sha256 }] } } };
    const gateway = await gatewayTo([await startUpgradeBackend()], {}, { security });
    await upgraded(gateway.port, handshake({ 'x-api-key': 'key' }));
  });

  describe('pages of', () => {
    let gateway: InProcessGateway;

    beforeAll(async () => {
      const closing = await startUpgradeBackend(({ socket }) =>
        socket.on('data', data => data[0] === 0x88 && socket.end()),
      );
      gateway = await gatewayTo([closing], {}, { websocket: { origins: ['https://App.example', 'null'] } });
    });

    it.each([
      ['https://app.example', 101],
      ['HTTPS://APP.EXAMPLE', 101],
      ['null', 101],
      ['https://evil.example', 403],
      ['https://app.example.evil.example', 403],
      [undefined, 403],
    ])('the origin %s get %i where a list of origins is set', async (Origin, status) => {
      expect(await rawRequest(gateway.port, handshake({ Origin }))).toMatchObject({ status });
      await expectAtRest(gateway);
    });
  });

  it('a listener that sends everybody to HTTPS makes none in clear text', async () => {
    const backend = await startMixedBackend();
    const gateway = await startInProcess({
      listeners: [{ name: 'web', host: '127.0.0.1', port: 0, redirectToHttps: 443 }],
      upstreams: { app: { backends: [backend.url] } },
    });
    const response = await rawRequest(gateway.port, handshake());
    expect(response).toMatchObject({ status: 308 });
    expect(response.header('location')).toMatch(/^https:/);
    expect(backend.connections).toHaveLength(0);
  });
});
