import { beforeAll, describe, expect, it } from 'vitest';
import { rawRequest } from '../support/client.js';
import { startBackend, type Echo } from '../support/backend.js';
import { valuesOf } from '../support/header-list.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';

describe('X-Forwarded-Port', () => {
  let gateway: InProcessGateway;
  let direct: InProcessGateway;

  beforeAll(async () => {
    const backend = await startBackend();
    const upstreams = { app: { backends: [backend.url] } };
    direct = await startInProcess({ upstreams });
    gateway = await startInProcess({ upstreams, trustedProxies: ['127.0.0.1'] });
  });

  async function told({ port }: InProcessGateway, host: string, ...fields: string[]): Promise<string[]> {
    const bytes = ['GET / HTTP/1.1', `Host: ${host}`, ...fields, '', ''].join('\r\n');
    const { headers } = (await rawRequest(port, bytes)).json() as Echo;
    return valuesOf(headers, 'x-forwarded-port').map(each => (each === String(port) ? 'its own' : each));
  }

  it('agrees with the scheme and the host that a trusted proxy tells', async () => {
    expect(await told(gateway, 'shop.example', 'X-Forwarded-Proto: https')).toEqual(['443']);
    expect(await told(gateway, 'shop.example', 'X-Forwarded-Host: out.example')).toEqual(['80']);
    const both = ['X-Forwarded-Proto: https', 'X-Forwarded-Host: out.example:8443'];
    expect(await told(gateway, 'shop.example:7', ...both)).toEqual(['8443']);
    expect(await told(gateway, 'shop.example', ...both, 'X-Forwarded-Port: 9443')).toEqual(['9443']);
    expect(await told(gateway, 'shop.example:7', 'Forwarded: for=9.9.9.9;proto=https')).toEqual(['7']);
    expect(await told(gateway, 'shop.example', 'Forwarded: for=9.9.9.9;proto=https')).toEqual(['443']);
    expect(await told(gateway, 'a', 'Forwarded: for=9.9.9.9;proto=https;host="b:444"')).toEqual(['444']);
  });

  it('is the port that the client has named with the host, and the listener’s where nothing else is known', async () => {
    expect(await told(gateway, 'shop.example:7', 'X-Forwarded-For: 9.9.9.9')).toEqual(['7']);
    expect(await told(gateway, 'shop.example', 'X-Forwarded-For: 9.9.9.9')).toEqual(['its own']);
    expect(await told(direct, 'shop.example:7', 'X-Forwarded-Port: 443')).toEqual(['7']);
    expect(await told(direct, 'shop.example', 'X-Forwarded-Proto: https')).toEqual(['its own']);
  });
});
