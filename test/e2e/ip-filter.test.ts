import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startBackend } from '../support/backend.js';
import { request, type RequestOptions } from '../support/client.js';
import { startInProcess } from '../support/in-process.js';
import { accessLineOf } from '../support/scene.js';
import { tempFolder } from '../support/temp.js';

const everyone = '0.0.0.0/0';

async function gatewayWith(security: object, others: object = {}) {
  const backend = await startBackend();
  const gateway = await startInProcess({ upstreams: { app: { backends: [backend.url] } }, security, ...others });
  const status = async (options: RequestOptions = {}): Promise<number> => (await request(gateway.port, options)).status;
  const from = (address: string): Promise<number> => status({ headers: { 'x-forwarded-for': address } });
  return { backend, gateway, status, from };
}

describe('the IP filter', () => {
  it('refuses denied addresses with 403, before the backend hears of them', async () => {
    const { backend, gateway } = await gatewayWith({ ipFilter: { deny: ['127.0.0.0/8'] } });
    const refused = await request(gateway.port, { method: 'POST', body: 'data' });
    expect(refused.status).toBe(403);
    expect(refused.header('content-type')).toBe('application/problem+json');
    expect(refused.header('x-gateway-error')).toBe('DENIED');
    expect(refused.text).not.toContain('127.0.0');
    expect(backend.requests).toHaveLength(0);
    expect(await accessLineOf(gateway)).toMatchObject({ status: 403, error: 'DENIED' });
  });

  it('closes everything else when there is an allow list, and lets deny win', async () => {
    const { from } = await gatewayWith(
      { ipFilter: { allow: ['10.0.0.0/8', '2001:db8::/32'], deny: ['10.9.0.0/16'] } },
      { trustedProxies: ['127.0.0.1'] },
    );
    expect(await from('10.1.2.3')).toBe(200);
    expect(await from('10.9.2.3')).toBe(403);
    expect(await from('11.0.0.1')).toBe(403);
    expect(await from('2001:db8::7')).toBe(200);
    expect(await from('2001:db9::7')).toBe(403);
    expect(await from('::1')).toBe(403);
  });

  it.each(['::ffff:10.1.2.3', '::FFFF:0A01:0203', '[::ffff:10.1.2.3]:4711', '10.1.2.3:4711'])(
    'takes %s for the IPv4 address that it is',
    async address => {
      const { from } = await gatewayWith({ ipFilter: { deny: ['10.0.0.0/8'] } }, { trustedProxies: ['127.0.0.1'] });
      expect(await from(address)).toBe(403);
    },
  );

  it('takes a client on a dual-stack listener for its IPv4 address', async () => {
    const { status } = await gatewayWith(
      { ipFilter: { allow: ['127.0.0.1'] } },
      { listeners: [{ host: '::', port: 0 }] },
    );
    expect(await status()).toBe(200);
  });

  it('cannot be evaded by a forged X-Forwarded-For, Forwarded or X-Real-IP', async () => {
    const { status } = await gatewayWith({ ipFilter: { deny: ['127.0.0.0/8'] } });
    for (const name of ['X-Forwarded-For', 'Forwarded', 'X-Real-IP', 'X_Forwarded_For', 'True-Client-IP']) {
      const value = name === 'Forwarded' ? 'for=10.1.2.3' : '10.1.2.3';
      expect(await status({ headers: { [name]: value } })).toBe(403);
    }
    const allowing = await gatewayWith({ ipFilter: { allow: ['10.0.0.0/8'] } });
    expect(await allowing.from('10.1.2.3')).toBe(403);
  });

  it('cannot be evaded through a trusted proxy by what the client wrote before it', async () => {
    const { from } = await gatewayWith({ ipFilter: { deny: ['203.0.113.0/24'] } }, { trustedProxies: ['127.0.0.1'] });
    expect(await from('10.1.2.3, 203.0.113.9')).toBe(403);
    expect(await from('203.0.113.9, 10.1.2.3')).toBe(200);
  });

  it('is replaced by the one of a route', async () => {
    const { status } = await gatewayWith(
      { ipFilter: { deny: ['127.0.0.0/8'] } },
      {
        routes: [
          { match: { path: '/open/*' }, upstream: 'app', security: { ipFilter: {} } },
          { match: { path: '/other/*' }, upstream: 'app', security: { ipFilter: { allow: ['127.0.0.1'] } } },
          { upstream: 'app' },
        ],
      },
    );
    expect(await status({ path: '/open/' })).toBe(200);
    expect(await status({ path: '/other/' })).toBe(200);
    expect(await status({ path: '/' })).toBe(403);
    expect(await status({ path: '/open/../' })).toBe(403);
  });

  it('comes before the rate limit, so that the denied spend nothing', async () => {
    const { from } = await gatewayWith(
      { ipFilter: { deny: ['203.0.113.0/24'] }, rateLimit: { limit: 1, per: '1h', key: 'global' } },
      { trustedProxies: ['127.0.0.1'] },
    );
    for (let i = 0; i < 3; i++) expect(await from('203.0.113.9')).toBe(403);
    expect(await from('198.51.100.1')).toBe(200);
    expect(await from('198.51.100.1')).toBe(429);
  });

  it('lets the clients of a unix socket in, which have no address, unless there is an allow list', async () => {
    const socketPath = join(await tempFolder(), 'gateway.sock');
    const listeners = [
      { name: 'web', host: '127.0.0.1', port: 0 },
      { name: 'local', unix: socketPath },
    ];
    const denying = await gatewayWith({ ipFilter: { deny: [everyone, '::/0'] } }, { listeners });
    expect(await denying.status({ socketPath })).toBe(200);
    expect(await denying.status()).toBe(403);
    await denying.gateway.stop();
    const allowing = await gatewayWith({ ipFilter: { allow: [everyone, '::/0'] } }, { listeners });
    expect(await allowing.status({ socketPath })).toBe(403);
    expect(await allowing.status()).toBe(200);
  });

  it('takes ten thousand ranges', async () => {
    const deny = Array.from({ length: 10_000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/25`);
    const { from } = await gatewayWith({ ipFilter: { deny } }, { trustedProxies: ['127.0.0.1'] });
    expect(await from('10.38.77.127')).toBe(403);
    expect(await from('10.38.77.128')).toBe(200);
  });

  it('stops the start, in one line, for a range that it cannot carry out', async () => {
    await expect(gatewayWith({ ipFilter: { deny: ['10.0.0.0/8', '::ffff:0:0/90'] } })).rejects.toThrow(
      /^security\.ipFilter\.deny\[1\]: "::ffff:0:0\/90" is wider than/,
    );
  });
});
