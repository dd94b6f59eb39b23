import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Module } from '@nestjs/common';
import { beforeAll, describe, expect, it } from 'vitest';
import { HttpProbe } from '../../src/health/http-probe.js';
import { HttpProbeOptions } from '../../src/health/http-probe-options.js';
import { ProbeRun } from '../../src/health/probe-run.js';
import { Probe, type HealthProbe, type ProbeResult } from '../../src/health/probe.js';
import { TcpProbe } from '../../src/health/tcp-probe.js';
import type { Backend } from '../../src/upstream/backend.js';
import { LiveBackend } from '../../src/upstream/live-backend.js';
import { type BackendHandler, answer, refusedPort, startBackend } from '../support/backend.js';
import { type Certificate, makeCertificate } from '../support/certificate.js';
import { request } from '../support/client.js';
import { startInProcess } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { startRawBackend } from '../support/raw-backend.js';
import { tempFolder } from '../support/temp.js';

const healthy: ProbeResult = { healthy: true };
const failed = (reason: string | RegExp) => ({
  healthy: false,
  reason: typeof reason === 'string' ? reason : (expect.stringMatching(reason) as string),
});

function backendAt(url: string): LiveBackend {
  const unix = url.startsWith('unix:') ? { unix: url.slice('unix:'.length) } : {};
  return new LiveBackend({ id: 'a', url, weight: 1, backup: false, ...unix }, () => undefined);
}

/** One probe, as the monitor runs it. */
function run(probe: HealthProbe, url: string, timeout = 5_000): Promise<ProbeResult> {
  return new ProbeRun(probe, backendAt(url), timeout).result;
}

function probeHttp(url: string, options: Partial<HttpProbeOptions> = {}, timeout?: number): Promise<ProbeResult> {
  const probe = new HttpProbe();
  probe.configure(Object.assign(new HttpProbeOptions(), options));
  return run(probe, url, timeout);
}

describe('the http probe', () => {
  it('asks for the path over a connection of its own, and says who asks', async () => {
    const backend = await startBackend(answer(204));
    expect(await probeHttp(backend.url, { path: '/ready?deep=1' })).toEqual(healthy);
    expect(await probeHttp(backend.url)).toEqual(healthy);
    const [first, second] = backend.requests;
    expect(first).toMatchObject({ method: 'GET', url: '/ready?deep=1', connection: 1 });
    expect(second).toMatchObject({ url: '/healthz', connection: 2 });
    const headers = ['host', 'user-agent', 'connection'].map(name => first?.header(name));
    expect(headers).toEqual([`127.0.0.1:${backend.port}`, 'gatehouse-probe', 'close']);
  });

  it('sends the headers that it is given, Host among them', async () => {
    const backend = await startBackend(answer(200));
    const headers = new Map(Object.entries({ host: 'orders.internal', 'x-probe': '1', 'user-agent': 'mine' }));
    expect(await probeHttp(backend.url, { headers })).toEqual(healthy);
    expect(['host', 'x-probe', 'user-agent'].map(name => backend.last.header(name))).toEqual([...headers.values()]);
  });

  it('takes another status for a failure', async () => {
    const backend = await startBackend(answer(503, 'not today'));
    expect(await probeHttp(backend.url)).toEqual(failed('answered 503, expected 200-399'));
    const expectStatus = [200, 503].map(status => ({ from: status, to: status }));
    expect(await probeHttp(backend.url, { expectStatus })).toEqual(healthy);
  });

  it('judges a redirect by its status and does not follow it', async () => {
    const backend = await startBackend(answer(302, '', ['location', '/elsewhere']));
    expect(await probeHttp(backend.url)).toEqual(healthy);
    expect(await probeHttp(backend.url, { expectStatus: [{ from: 200, to: 299 }] })).toEqual(
      failed('answered 302, expected 200-299'),
    );
    expect(backend.requests.map(({ url }) => url)).toEqual(['/healthz', '/healthz']);
  });

  it.each<[what: string, handler: BackendHandler, result: object]>([
    ['is there', answer(200, 'all is ok here'), healthy],
    ['is missing', answer(200, 'all is well'), failed('the body does not hold the expected text')],
    ['is missing from an empty body', answer(204), failed('the body does not hold the expected text')],
    ['comes with the last of its 64 kB', answer(200, `${'x'.repeat(65_534)}ok`), healthy],
    ['comes later', answer(200, `${'x'.repeat(65_535)}ok`), failed('the body does not hold the expected text')],
  ])('looks for a text in the body: it %s', async (_what, handler, result) => {
    expect(await probeHttp((await startBackend(handler)).url, { expectBody: 'ok' })).toEqual(result);
  });

  it('finds a text that comes in two pieces', async () => {
    const backend = await startRawBackend(async connection => {
      await connection.head();
      connection.respond('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nstatus:\r\n2\r\n o\r\n');
      await new Promise(resolve => setImmediate(resolve));
      connection.respond('1\r\nk\r\n');
    });
    expect(await probeHttp(backend.url, { expectBody: 'status: ok' })).toEqual(healthy);
  });

  it('does not wait for the rest of a body that has said enough', async () => {
    const backend = await startRawBackend(async connection => {
      await connection.head();
      connection.respond('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nok');
    });
    expect(await probeHttp(backend.url)).toEqual(healthy);
    expect(await probeHttp(backend.url, { expectBody: 'ok' })).toEqual(healthy);
    await Promise.all(backend.connections.map(({ closed }) => closed));
  });

  it.each([
    ['at the connection', ''],
    ['in the head', 'HTTP/1.1 200 OK\r\nContent-'],
    ['in the body', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nnot '],
  ])('gives up on a backend that hangs %s, and closes the connection', async (_where, bytes) => {
    const backend = await startRawBackend(connection => connection.respond(bytes));
    expect(await probeHttp(backend.url, { expectBody: 'ok' }, 100)).toEqual(failed('no result within 100 ms'));
    await (
      await backend.connection()
    ).closed;
  });

  it('treats every other error as a failure', async () => {
    const refused = await probeHttp(`http://127.0.0.1:${await refusedPort()}`);
    const says = async (bytes: string) =>
      probeHttp((await startRawBackend(connection => connection.end(bytes))).url, { expectBody: 'ok' });
    expect([
      refused,
      await says('SSH-2.0-OpenSSH_9.9\r\n'),
      await says(''),
      await says('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nnot'),
      await says('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
      await says(`HTTP/1.1 200 OK\r\nX-Large: ${'x'.repeat(100_000)}\r\n\r\n`),
      await probeHttp('http://127.0.0.1:1', { headers: new Map([['x-bad', 'a\nb']]) }),
    ]).toEqual([
      failed(/ECONNREFUSED/),
      failed(/^Parse Error/),
      failed('socket hang up'),
      failed('aborted'),
      failed('answered with an upgrade'),
      failed(/Header overflow/i),
      failed(/Invalid character in header/),
    ]);
  });

  it('asks through a unix socket', async () => {
    const backend = await startBackend(answer(200), { socketPath: join(await tempFolder(), 'app.sock') });
    expect(await probeHttp(backend.url)).toEqual(healthy);
    expect(backend.last.header('host')).toBe('localhost');
  });
});

describe('the http probe over TLS', () => {
  let authority: Certificate;
  beforeAll(async () => void (authority = await makeCertificate({ names: ['localhost', 'orders.internal'] })));

  const start = (tls = {}) => startBackend(answer(200), { tls: { key: authority.key, cert: authority.cert, ...tls } });

  it('refuses a certificate that no trusted authority has signed', async () => {
    expect(await probeHttp((await start()).url)).toEqual(failed(/self-signed certificate/));
  });

  it('takes it when verify is off', async () => {
    expect(await probeHttp((await start()).url, { tls: { verify: false } })).toEqual(healthy);
  });

  it('takes one that the ca of the upstream has signed, for the right name only', async () => {
    const backend = await start();
    const tls = { ca: authority.cert, verify: true };
    const ask = (changes: object = {}) => probeHttp(backend.url, { tls: { ...tls, ...changes } });
    expect(await probeHttp(backend.url.replace('127.0.0.1', 'localhost'), { tls })).toEqual(healthy);
    expect(await ask({ serverName: 'orders.internal' })).toEqual(healthy);
    expect(await ask()).toEqual(failed(/IP: 127\.0\.0\.1 is not in the cert/));
    expect(await ask({ serverName: 'users.internal' })).toEqual(failed(/users\.internal\. is not in the cert/));
  });

  it('shows the certificate of the upstream', async () => {
    const backend = await start({ requestCert: true, rejectUnauthorized: true, ca: authority.cert });
    const { key, cert } = authority;
    expect(await probeHttp(backend.url, { tls: { verify: false } })).toMatchObject({ healthy: false });
    expect(await probeHttp(backend.url, { tls: { verify: false, key, cert } })).toEqual(healthy);
  });
});

describe('the tcp probe', () => {
  it('only opens a connection, of an https backend too, and closes it', async () => {
    const backend = await startRawBackend();
    for (const scheme of ['http', 'https']) {
      expect(await run(new TcpProbe(), `${scheme}://127.0.0.1:${backend.port}`)).toEqual(healthy);
    }
    const connections = [await backend.connection(1), await backend.connection(2)];
    await Promise.all(connections.map(({ closed }) => closed));
    expect(connections.map(({ received }) => received.length)).toEqual([0, 0]);
  });

  it('opens a unix socket', async () => {
    const folder = await tempFolder();
    const { url } = await startBackend(answer(200), { socketPath: join(folder, 'app.sock') });
    expect(await run(new TcpProbe(), url)).toEqual(healthy);
    expect(await run(new TcpProbe(), `unix:${join(folder, 'no.sock')}`)).toEqual(failed(/ENOENT/));
  });

  it('fails where no server listens', async () => {
    expect(await run(new TcpProbe(), `http://127.0.0.1:${await refusedPort()}`)).toEqual(failed(/ECONNREFUSED/));
  });

  it('ends with its signal', async () => {
    const backend = await startRawBackend();
    expect(await new TcpProbe().check(backendAt(backend.url), AbortSignal.abort())).toEqual(failed(/aborted/));
  });
});

@Probe('redis-ping')
class RedisPing implements HealthProbe {
  async check({ url }: Backend, signal: AbortSignal): Promise<ProbeResult> {
    const socket = connect({ host: url.hostname, port: Number(url.port), signal });
    socket.end('PING\r\n');
    const answer = await text(socket);
    return answer.startsWith('+PONG') ? { healthy: true } : { healthy: false, reason: `answered ${answer.trim()}` };
  }
}

@Module({ providers: [RedisPing] })
class RedisModule {}

describe('a probe of one’s own', () => {
  it('is the example of the documentation, line by line', async () => {
    const source = await readFile(join(import.meta.dirname, '../../src/health/probe.ts'), 'utf8');
    const example =
      /```ts\n([^]*?)```/
        .exec(source)?.[1]
        ?.replaceAll(/^ \* ?/gm, '')
        .trim() ?? '';
    expect(example).toContain('@Probe');
    expect(await readFile(import.meta.filename, 'utf8')).toContain(example);
  });

  it('is found by its name, in any module', async () => {
    const redis = await startRawBackend(async connection => {
      await connection.until('PING\r\n');
      connection.end('-LOADING Redis is loading\r\n');
    });
    const gateway = await startInProcess(
      { upstreams: { app: { backends: [redis.url], healthCheck: { ...quick, type: 'redis-ping' } } } },
      { imports: [RedisModule] },
    );
    const line = await gateway.waitForLog(({ msg }) => msg === 'backend unhealthy');
    expect(line).toMatchObject({ upstream: 'app', reason: 'answered -LOADING Redis is loading' });
  });

  it('that is unknown stops the start', async () => {
    const start = startInProcess({
      upstreams: { app: { backends: ['http://127.0.0.1:1'], healthCheck: { type: 'redis-ping' } } },
    });
    await expect(start).rejects.toThrow(
      'upstreams.app.healthCheck.type: no probe is named "redis-ping", known are http, tcp',
    );
  });
});

const quick = { interval: '300ms', timeout: '300ms', healthyAfter: 1, unhealthyAfter: 2 };

/** A backend that answers `/healthz` with what `state` says and everything else with its name. */
async function startSick(name: string) {
  const state = { status: 200 };
  const backend = await startBackend((incoming, response) => {
    response.statusCode = incoming.url === '/healthz' ? state.status : 200;
    response.end(name);
  });
  return { state, url: backend.url, id: `127.0.0.1:${backend.port}` };
}

describe('a gateway with health checks', () => {
  it('sends nothing to an unhealthy backend, says so, and comes back to it', async () => {
    const [a, b] = [await startSick('a'), await startSick('b')];
    const gateway = await startInProcess({ upstreams: { app: { backends: [a.url, b.url], healthCheck: quick } } });
    const names = async () => {
      const answers = await Promise.all([1, 2, 3, 4].map(() => request(gateway.port)));
      return [...new Set(answers.map(({ text }) => text))].sort().join();
    };
    const labels = { upstream: 'app', backend: b.id };
    expect(await names()).toBe('a,b');
    b.state.status = 500;
    const out = await gateway.waitForLog(({ msg }) => msg === 'backend unhealthy');
    expect(out).toMatchObject({ ...labels, reason: 'answered 500, expected 200-399' });
    expect(await names()).toBe('a');
    const health = (await request(gateway.adminPort, { path: '/health' })).json<{ details: Record<string, unknown> }>();
    expect(health.details['upstream:app']).toMatchObject({
      out: { [b.id]: ['unhealthy'] },
      reasons: { [b.id]: { unhealthy: 'answered 500, expected 200-399' } },
    });
    expect(await gateway.metric('gatehouse_backend_healthy', labels)).toBe(0);
    expect(await gateway.metric('gatehouse_probes_total', { ...labels, result: 'unhealthy' })).toBeGreaterThan(0);
    b.state.status = 204;
    await gateway.waitForLog(({ msg }) => msg === 'backend healthy');
    expect(await names()).toBe('a,b');
  });

  it('brings a backend back by degrees with slowStart', async () => {
    const [a, b] = [await startSick('a'), await startSick('b')];
    const gateway = await startInProcess({
      upstreams: { app: { backends: [a.url, b.url], slowStart: '10m', healthCheck: quick } },
    });
    b.state.status = 500;
    await gateway.waitForLog(({ msg }) => msg === 'backend unhealthy');
    b.state.status = 200;
    await gateway.waitForLog(({ msg }) => msg === 'backend healthy');
    const answers = await Promise.all(Array.from({ length: 110 }, () => request(gateway.port)));
    // A tenth of the weight of the other: 10 of 110.
    const count = answers.filter(({ text }) => text === 'b').length;
    expect(count).toBeGreaterThanOrEqual(9);
    expect(count).toBeLessThanOrEqual(11);
  });

  it('uses all of them again below the panic threshold', async () => {
    const sick = [await startSick('a'), await startSick('b')];
    for (const { state } of sick) state.status = 500;
    const gateway = await startInProcess({
      upstreams: { app: { backends: sick.map(({ url }) => url), panicThreshold: '60%', healthCheck: quick } },
    });
    await eventually(async () => expect(await gateway.metric('gatehouse_backend_healthy')).toBe(0));
    const answers = await Promise.all([1, 2, 3, 4].map(() => request(gateway.port)));
    expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(['a', 'b']));
  });
});
