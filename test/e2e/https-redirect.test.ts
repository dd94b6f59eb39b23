import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend, type TestBackend } from '../support/backend.js';
import { connectRaw, rawRequest, request } from '../support/client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';

describe('a listener with redirectToHttps', () => {
  let backend: TestBackend;
  let gateway: InProcessGateway;
  const port = (name: string): number => gateway.gateway.listeners.find(each => each.name === name)?.port ?? 0;

  beforeAll(async () => {
    backend = await startBackend();
    const loopback = { host: '127.0.0.1', port: 0 };
    gateway = await startInProcess({
      listeners: [
        { ...loopback, name: 'web', redirectToHttps: 443 },
        { ...loopback, name: 'other', redirectToHttps: 8443 },
      ],
      upstreams: { app: { backends: [backend.url] } },
      routes: [{ match: { path: '/*' }, upstream: 'app', headers: { response: { set: { 'x-route': 'yes' } } } }],
    });
  });

  const locationOf = async (name: string, head: string): Promise<string | undefined> => {
    const response = await rawRequest(port(name), `${head}\r\n\r\n`);
    expect(response).toMatchObject({ status: 308, clean: true });
    expect(response.header('x-route')).toBeUndefined();
    return response.header('location');
  };

  it.each([
    ['GET / HTTP/1.1\r\nHost: shop.example', 'https://shop.example/'],
    ['GET /a//b/../c%2f?x=1&y=%20 HTTP/1.1\r\nHost: Shop.Example:8080', 'https://shop.example/a//b/../c%2f?x=1&y=%20'],
    ['GET //evil.example HTTP/1.1\r\nHost: shop.example', 'https://shop.example//evil.example'],
    ['DELETE /x HTTP/1.1\r\nHost: [::1]:80', 'https://[::1]/x'],
    ['GET http://shop.example:81/abs?q HTTP/1.1\r\nHost: other.example', 'https://shop.example/abs?q'],
    ['OPTIONS * HTTP/1.1\r\nHost: shop.example', 'https://shop.example'],
    ['GET /a"<> HTTP/1.1\r\nHost: shop.example', 'https://shop.example/a"<>'],
    ['GET /old HTTP/1.0\r\nHost: shop.example', 'https://shop.example/old'],
  ])('answers %j with the same target over https', async (head, location) => {
    expect(await locationOf('web', head)).toBe(location);
  });

  it('names the port unless it is 443', async () => {
    expect(await locationOf('other', 'GET /a HTTP/1.1\r\nHost: shop.example:80')).toBe('https://shop.example:8443/a');
    expect(await locationOf('other', 'GET / HTTP/1.1\r\nHost: [::1]')).toBe('https://[::1]:8443/');
  });

  it.each([
    'GET / HTTP/1.1',
    'GET / HTTP/1.0',
    'GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example',
    'GET / HTTP/1.1\r\nHost: evil.example/@shop.example',
    'GET / HTTP/1.1\r\nHost: user@evil.example',
    'GET / HTTP/1.1\r\nHost: a b',
    'GET / HTTP/1.1\r\nHost: shop.example:99999',
  ])('refuses %j, whose host cannot be believed', async head => {
    const response = await rawRequest(port('web'), `${head}\r\n\r\n`);
    expect(response.status).toBe(400);
    expect(response.header('location')).toBeUndefined();
  });

  it('serves nothing else, keeps the connection, and logs what it has answered', async () => {
    const client = await connectRaw(port('web'));
    client.send('GET /one HTTP/1.1\r\nHost: a.example\r\n\r\nGET /two HTTP/1.1\r\nHost: a.example\r\n\r\n');
    expect((await client.response()).header('location')).toBe('https://a.example/one');
    expect((await client.response()).header('location')).toBe('https://a.example/two');
    const line = await gateway.waitForLog(({ path }) => path === '/two');
    expect(line).toMatchObject({ status: 308, listener: 'web' });
    expect(line['route']).toBeUndefined();
    expect(backend.requests).toHaveLength(0);
  });

  it('does not wait for the body of an upload', async () => {
    const body = Buffer.alloc(5_000_000);
    const response = await request(port('web'), { method: 'POST', path: '/upload', body });
    expect(response.status).toBe(308);
    expect(response.header('location')).toBe(`https://127.0.0.1/upload`);
  });
});
