import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { gatewayConfig } from '#bench/subjects/gatehouse';

const setting = { port: 4000, protocol: 'http' as const, backends: ['127.0.0.1:1', '127.0.0.1:2'], folder: '/nowhere' };

describe('the configuration of a gateway under test', () => {
  it('has one worker, both backends, and defaults for everything that costs time', () => {
    expect(parse(gatewayConfig(setting))).toEqual({
      listeners: [{ host: '127.0.0.1', port: 4000 }],
      admin: { host: '127.0.0.1', port: 0 },
      workers: 1,
      upstreams: { app: { backends: ['http://127.0.0.1:1', 'http://127.0.0.1:2'] } },
    });
  });

  it('has as many routes as are asked for', () => {
    const { routes } = parse(gatewayConfig(setting, { routes: 3 })) as { routes: unknown[] };
    expect(routes).toHaveLength(3);
    expect(routes[2]).toEqual({ match: { path: '/r2/*' }, upstream: 'app' });
  });

  it('has the checks that are asked for', () => {
    const security = { headers: {}, ipFilter: { deny: ['192.0.2.0/24'] } };
    expect(parse(gatewayConfig(setting, { security }))).toMatchObject({ security });
  });

  it('has a certificate where clients come over TLS', () => {
    const certificate = { certFile: '/nowhere/server.pem', keyFile: '/nowhere/server.pem.key' };
    expect(parse(gatewayConfig({ ...setting, protocol: 'h2', certificate }))).toMatchObject({
      listeners: [{ tls: { certificates: [{ cert: '/nowhere/server.pem', key: '/nowhere/server.pem.key' }] } }],
    });
  });
});
