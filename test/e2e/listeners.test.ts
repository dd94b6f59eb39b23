import { existsSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import net from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type TestBackend, startBackend } from '../support/backend.js';
import { Child } from '../support/child.js';
import { closeLater } from '../support/cleanup.js';
import { connectRaw, keepAliveAgent, rawRequest, request } from '../support/client.js';
import { eventually } from '../support/poll.js';
import { runCommand } from '../support/command.js';
import { type InProcessGateway, startInProcess } from '../support/in-process.js';
import { tempFolder } from '../support/temp.js';
import { configFile } from './spawn.js';

const loopback = { host: '127.0.0.1', port: 0 };
const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: shop.example\r\n\r\n`;

describe('several listeners of one gateway', () => {
  let backend: TestBackend;
  let gateway: InProcessGateway;
  let socket: string;

  const port = (listener: string): number => gateway.ports[listener] ?? 0;

  beforeAll(async () => {
    socket = join(await tempFolder(), 'gateway.sock');
    backend = await startBackend();
    gateway = await startInProcess({
      listeners: [
        { ...loopback, name: 'web' },
        { ...loopback, name: 'other' },
        { name: 'local', unix: socket },
        { ...loopback, name: 'few', limits: { connections: 2 } },
        { ...loopback, name: 'counted', limits: { requestsPerConnection: 3 } },
        { ...loopback, name: 'slow-head', limits: { headerTimeout: '400ms' } },
        { ...loopback, name: 'slow-body', limits: { requestTimeout: '500ms' } },
        { ...loopback, name: 'idle', limits: { keepAliveTimeout: '300ms' } },
      ],
      upstreams: { app: { backends: [backend.url] } },
    });
  });

  it('all serve, and the log names the one that took the request', async () => {
    await request(port('web'), { path: '/by-web' });
    await request(port('other'), { path: '/by-other' });
    await request(0, { socketPath: socket, path: '/by-local' });
    for (const name of ['web', 'other', 'local']) {
      expect(await gateway.waitForLog(({ path }) => path === `/by-${name}`)).toMatchObject({ listener: name });
    }
  });

  it('tell the backend which port the client used; a unix socket has none', async () => {
    await request(port('other'));
    expect(backend.last.header('x-forwarded-port')).toBe(String(port('other')));
    await request(0, { socketPath: socket });
    expect(backend.last.header('x-forwarded-port')).toBeUndefined();
    expect(backend.last.header('x-forwarded-for')).not.toMatch(/127\.0\.0\.1|undefined/);
  });

  it('close connections over the limit at once, and serve those that stood before', async () => {
    const first = await connectRaw(port('few'));
    const second = await connectRaw(port('few'));
    first.send(get('/first'));
    expect((await first.response()).status).toBe(200);
    const third = await connectRaw(port('few'));
    await third.closed(1000);
    expect(third.received).toHaveLength(0);
    second.send(get('/second'));
    expect((await second.response()).status).toBe(200);
    first.close();
    await eventually(async () => expect((await rawRequest(port('few'), get('/again'))).status).toBe(200));
  });

  it('end a connection after the number of requests that it may have, and say so', async () => {
    const client = await connectRaw(port('counted'));
    for (const expected of ['keep-alive', 'keep-alive', 'close']) {
      client.send(get('/counted'));
      const response = await client.response();
      expect(response.status).toBe(200);
      expect(response.header('connection') ?? 'keep-alive').toBe(expected);
    }
    expect(await client.closed()).toBe('end');
  });

  it('do not take up requests behind the last one of a connection', async () => {
    const client = await connectRaw(port('counted'));
    client.send([1, 2, 3, 4, 5].map(number => get(`/pipelined/${number}`)).join(''));
    for (const number of [1, 2, 3]) {
      expect((await client.response()).json()).toMatchObject({ url: `/pipelined/${number}` });
    }
    expect(await client.closed()).toBe('end');
    const seen = backend.requests.filter(({ url }) => url.startsWith('/pipelined/'));
    expect(seen).toHaveLength(3);
  });

  it('answer 408 to a client that does not finish its head, and close', async () => {
    const client = await connectRaw(port('slow-head'));
    const began = performance.now();
    client.send('GET /never HTTP/1.1\r\nHost: shop.example\r\nX-Drip: ');
    const response = await client.response();
    expect(performance.now() - began).toBeGreaterThan(390);
    expect(response).toMatchObject({ status: 408, clean: true });
    expect(response.header('content-type')).toBe('application/problem+json');
    expect(response.header('connection')).toBe('close');
    expect(response.json()).toMatchObject({ status: 408, title: 'Request timeout' });
    await client.closed(1500);
    const id = response.header('x-request-id');
    expect(await gateway.waitForLog(({ requestId }) => requestId === id)).toMatchObject({
      listener: 'slow-head',
      status: 408,
      error: 'CLIENT_TIMEOUT',
    });
  });

  it('answer 408 to a client that drips its head', async () => {
    const client = await connectRaw(port('slow-head'));
    client.send('GET /drip HTTP/1.1\r\n');
    const drip = setInterval(() => client.send('X-A: b\r\n'), 50);
    try {
      expect((await client.response()).status).toBe(408);
    } finally {
      clearInterval(drip);
    }
  });

  it('answer 408 to a client that does not finish its body, and let the backend see the break', async () => {
    const client = await connectRaw(port('slow-body'));
    client.send('POST /half HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 100\r\n\r\nhalf');
    const response = await client.response();
    expect(response).toMatchObject({ status: 408, clean: true });
    expect(response.json()).toMatchObject({ status: 408 });
    expect(response.header('connection')).toBe('close');
    await client.closed(7000);
    const line = await gateway.waitForLog(({ path }) => path === '/half');
    expect(line).toMatchObject({ status: 408, error: 'CLIENT_TIMEOUT', bytesIn: 4 });
    const [half] = backend.requests.filter(({ url }) => url === '/half');
    expect(half?.complete ?? false).toBe(false);
  });

  it('close a connection that stays idle, without a word', async () => {
    const client = await connectRaw(port('idle'));
    client.send(get('/idle'));
    expect((await client.response()).status).toBe(200);
    const began = performance.now();
    expect(await client.closed(5000)).toBe('end');
    expect(performance.now() - began).toBeGreaterThan(250);
    expect(client.rest).toHaveLength(0);
  });

  it('keep a connection for the next request', async () => {
    const agent = keepAliveAgent();
    const first = await request(port('web'), { agent });
    expect(first.header('connection')).not.toBe('close');
    const [socketBefore] = Object.values(agent.freeSockets).flat();
    await request(port('web'), { agent });
    expect(Object.values(agent.freeSockets).flat()).toEqual([socketBefore]);
  });

  it('answer pipelined requests in their order', async () => {
    const client = await connectRaw(port('web'));
    client.send(get('/one') + get('/two') + get('/three'));
    for (const url of ['/one', '/two', '/three']) expect((await client.response()).json()).toMatchObject({ url });
  });

  it('listen on a unix socket that the owner can use, and remove its file at the end', async () => {
    expect(statSync(socket).isSocket()).toBe(true);
    expect(statSync(socket).mode & 0o600).toBe(0o600);
    await gateway.stop();
    expect(existsSync(socket)).toBe(false);
  });
});

describe('a unix socket that is there already', () => {
  const config = (path: string): object => ({
    listeners: [{ name: 'local', unix: path }],
    routes: [{ name: 'ping', match: { path: '/*' }, respond: { status: 200, body: 'pong' } }],
    upstreams: { app: { backends: ['http://127.0.0.1:9'] } },
  });

  it('is replaced when the process behind it has died', async () => {
    const path = join(await tempFolder(), 'gateway.sock');
    const listening = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`;
    const crashed = new Child(process.execPath, ['-e', listening]);
    await crashed.until(() => crashed.stdout !== '', 'it listened');
    await crashed.kill();
    expect(existsSync(path)).toBe(true);
    await startInProcess(config(path));
    expect((await request(0, { socketPath: path })).text).toBe('pong');
  });

  it('is left alone, and the start refused, while another process listens on it', async () => {
    const path = join(await tempFolder(), 'gateway.sock');
    const server = net.createServer(connection => connection.on('error', () => undefined).end('mine')).listen(path);
    closeLater(() => server.close());
    await once(server, 'listening');
    const result = await runCommand(['run', '--config', await configFile(config(path))]);
    expect(result.code).toBe(3);
    expect(result.stderr).toMatch(/^gatehouse: listener "local": cannot listen on .*EADDRINUSE\)\n$/);
    const client = await connectRaw(0, { socketPath: path });
    expect((await client.until('mine')).toString()).toBe('mine');
  });

  it('is never deleted when it is another kind of file', async () => {
    const path = join(await tempFolder(), 'precious.txt');
    await writeFile(path, 'precious');
    const result = await runCommand(['run', '--config', await configFile(config(path))]);
    expect(result.code).toBe(3);
    expect(result.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(statSync(path).size).toBe(8);
  });
});
