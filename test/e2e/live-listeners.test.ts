import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startBackend } from '../support/backend.js';
import { makeCertificate } from '../support/certificate.js';
import { connectRaw, keepAliveAgent, request } from '../support/client.js';
import { connectHttp2 } from '../support/http2-client.js';
import { connecting, startListeners } from '../support/listeners-scene.js';
import { eventually } from '../support/poll.js';
import { tempFolder } from '../support/temp.js';
import { startLoad } from '../support/load.js';
import { handshake } from '../support/tls-client.js';

const free = { host: '127.0.0.1', port: 0 };
const web = { name: 'web', ...free };
const insecure = { tls: { rejectUnauthorized: false } };
const get = (path = '/'): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

async function tls(): Promise<{ certificates: object[] }> {
  const { certFile, keyFile } = await makeCertificate();
  return { certificates: [{ cert: certFile, key: keyFile }] };
}

describe('a listener whose settings change', () => {
  it.each([false, true])(
    'refuses and resets none of the connections that come all the while (over TLS: %s)',
    async secure => {
      const settings = secure ? { ...web, tls: await tls() } : web;
      const scene = await startListeners([settings]);
      const port = scene.port();
      const stop = connecting(port, secure);
      for (let number = 1; number <= 10; number++) {
        await scene.change([{ ...settings, limits: { connections: 1_000 + number } }]);
        for (let turn = 0; turn < 30; turn++) await new Promise(setImmediate);
      }
      const { answered, failures } = await stop();
      expect(failures).toEqual([]);
      expect(answered).toBeGreaterThan(100);
      expect(scene.port()).toBe(port);
    },
  );

  it('says goodbye to its clients with their next answers, and loses no request of theirs', async () => {
    const scene = await startListeners([web]);
    const load = startLoad(scene.port(), { connections: 8, echoed: false });
    const client = await connectRaw(scene.port());
    client.send(get());
    expect((await client.response()).header('connection')).toBe('keep-alive');
    for (let number = 1; number <= 5; number++) {
      await scene.change([{ ...web, limits: { connections: 1_000 + number } }]);
      if (number === 1) {
        // At once: a connection that stays without a request is ended.
        client.send(get());
        expect((await client.response()).header('connection')).toBe('close');
        expect(await client.closed()).toBe('end');
      }
      const enough = load.answers.length + 50;
      await eventually(() => load.answers.length > enough);
    }
    await load.stop();
    expect(load.errors).toEqual({});
  });

  it('ends connections that carry no request, at once also those whose clients say nothing', async () => {
    const scene = await startListeners([web]);
    const idle = await connectRaw(scene.port());
    idle.send(get());
    await idle.response();
    const silent = await connectRaw(scene.port());
    await eventually(() => scene.listeners.all[0]!.connections === 2);
    await scene.change([{ ...web, limits: { keepAliveTimeout: '5s' } }]);
    expect([await idle.closed(2_000), await silent.closed(2_000)]).toEqual(['end', 'end']);
    expect(silent.received).toHaveLength(0);
  });

  it('sends clients of HTTP/2 a GOAWAY, answers what they have asked before, and serves them anew', async () => {
    const released = Promise.withResolvers<void>();
    const backend = await startBackend(async (_, response) => {
      await released.promise;
      response.end('late');
    });
    const settings = { ...web, tls: await tls() };
    const others = { upstreams: { app: { backends: [backend.url] } } };
    const scene = await startListeners([settings], others);
    const client = await connectHttp2(scene.port());
    const asked = client.request();
    await backend.received();
    await scene.change([{ ...settings, limits: { connections: 7 } }]);
    await eventually(() => expect(client.goaways).toEqual([{ code: 0, lastStream: 1 }]));
    const next = (await connectHttp2(scene.port())).request();
    released.resolve();
    expect([(await asked).text, (await next).text]).toEqual(['late', 'late']);
    await client.closed();
  });

  it('takes as many connections as it may have now, those from before among them', async () => {
    const scene = await startListeners([{ ...web, limits: { connections: 2 } }]);
    const open = (): Promise<number> => scene.gateway.metric('gatehouse_connections_open', { listener: 'web' });
    const next = async (): Promise<string> => {
      const before = await open();
      const client = await connectRaw(scene.port());
      // A request whose head is not whole keeps its connection.
      client.send('GET / HTTP/1.1\r\n');
      return eventually(async () => (client.state !== 'open' ? 'refused' : (await open()) > before ? 'taken' : false));
    };
    expect([await next(), await next(), await next()]).toEqual(['taken', 'taken', 'refused']);
    await scene.change([{ ...web, limits: { connections: 3 } }]);
    expect([await next(), await next()]).toEqual(['taken', 'refused']);
    await scene.change([{ ...web, limits: { connections: 1 } }]);
    expect([await next(), await open()]).toEqual(['refused', 3]);
    const refusals = { listener: 'web', reason: 'limit' };
    expect(await scene.gateway.metric('gatehouse_connections_refused_total', refusals)).toBe(3);
  });

  it('speaks TLS from one moment to the next, and clear text again', async () => {
    const scene = await startListeners([web]);
    const port = scene.port();
    const plain = await connectRaw(port);
    plain.send('GET / HTTP/1.1\r\n');
    await eventually(() => scene.listeners.all[0]!.connections === 1);
    await scene.change([{ ...web, tls: await tls() }]);
    expect(scene.listeners.all[0]!.url).toBe(`https://127.0.0.1:${port}`);
    expect((await request(port, insecure)).text).toBe('ok');
    await expect(request(port)).rejects.toThrow();
    expect(await scene.gateway.metric('gatehouse_certificate_expiry_timestamp_seconds')).toBeGreaterThan(0);
    // What had begun in clear text ends so.
    plain.send('Host: x\r\n\r\n');
    expect(await plain.response()).toMatchObject({ status: 200, text: 'ok' });
    const secure = await connectRaw(port, insecure);
    await scene.change([web]);
    expect((await request(port)).text).toBe('ok');
    secure.send(get());
    expect((await secure.response()).text).toBe('ok');
    expect(await scene.gateway.metric('gatehouse_certificate_expiry_timestamp_seconds')).toBe(0);
  });

  it('reads PROXY headers from then on, and redirects or serves as it is told', async () => {
    const scene = await startListeners([web]);
    const port = scene.port();
    await scene.change([{ ...web, redirectToHttps: 443 }]);
    expect((await request(port)).status).toBe(308);
    await scene.change([{ ...web, proxyProtocol: true }], { trustedProxies: ['127.0.0.1'] });
    await expect(request(port)).rejects.toThrow();
    await scene.change([{ ...web, h2c: true }]);
    expect((await request(port)).status).toBe(200);
  });

  it('keeps its unix socket, the same file, until it is gone itself', async () => {
    const unix = join(await tempFolder(), 'gw.sock');
    const scene = await startListeners([{ name: 'local', unix }, web]);
    const { ino } = statSync(unix);
    const held = await connectRaw(0, { socketPath: unix });
    await scene.change([{ name: 'renamed', unix, limits: { connections: 3 } }, web]);
    expect(statSync(unix).ino).toBe(ino);
    expect((await request(0, { socketPath: unix })).text).toBe('ok');
    expect(await scene.gateway.waitForLog(({ msg }) => msg === 'exchange')).toMatchObject({ listener: 'renamed' });
    await scene.change([web]);
    expect(existsSync(unix)).toBe(false);
    await held.closed();
    await scene.change([web, { name: 'local', unix }]);
    expect((await request(0, { socketPath: unix })).text).toBe('ok');
  });
});

describe('a listener that stays as it is', () => {
  it('keeps the connections of its clients, their sessions of TLS and its port, when others change', async () => {
    const secure = { name: 'secure', ...free, tls: await tls() };
    const scene = await startListeners([web, secure, { name: 'other', ...free }]);
    const agent = keepAliveAgent();
    await request(scene.port(), { agent });
    const [socket] = Object.values(agent.freeSockets).flat();
    const before = scene.gateway.ports;
    const first = await handshake(scene.port('secure'));
    const [session] = (await once(first, 'session')) as [Buffer];
    await scene.change([{ name: 'another', ...free }, secure, web]);
    expect((await handshake(scene.port('secure'), { session })).isSessionReused()).toBe(true);
    first.write(get());
    expect(String((await once(first, 'data'))[0])).toContain('Connection: keep-alive');
    await request(scene.port(), { agent });
    expect(Object.values(agent.freeSockets).flat()).toEqual([socket]);
    expect(scene.gateway.ports).toMatchObject({ web: before['web'], secure: before['secure'] });
    expect(Object.keys(scene.gateway.ports)).toEqual(['another', 'secure', 'web']);
  });

  it('takes longer heads when the limits of all heads are raised, on connections that come then', async () => {
    const long = { path: '/long', headers: { Host: 'x', 'X-Long': 'x'.repeat(30_000) } };
    const limits = (maxHeaderSize: string): object => ({ security: { validation: { maxUrl: '1kb', maxHeaderSize } } });
    const scene = await startListeners([web], { routes: [{ respond: { body: 'ok' } }], ...limits('10kb') });
    const told = async (): Promise<(string | undefined)[]> => {
      await scene.gateway.flush();
      return scene.gateway.logs.filter(({ msg }) => msg === 'exchange').map(({ method }) => method as string);
    };
    expect((await request(scene.port(), long)).status).toBe(431);
    await scene.change([web], limits('40kb'));
    // Where routes are looked for, the limit of the start still holds: here only the listener goes along.
    expect((await request(scene.port(), long)).status).toBe(431);
    await eventually(async () => expect(await told()).toEqual(['-', 'GET']));
  });

  it('looks at the files of its certificates', async () => {
    const [one, other] = [await makeCertificate({}), await makeCertificate({ names: ['localhost', 'other.example'] })];
    const folder = await tempFolder();
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    const write = ({ cert: text, key: secret }: typeof one): Promise<unknown> =>
      Promise.all([writeFile(cert, text), writeFile(key, secret)]);
    await write(one);
    const secure = { ...web, tls: { certificates: [{ cert, key }] } };
    const scene = await startListeners([secure]);
    const trusting = { tls: { ca: other.cert, servername: 'other.example' } };
    await expect(request(scene.port(), trusting)).rejects.toThrow();
    await write(other);
    const kept = await connectRaw(scene.port(), insecure);
    await scene.change([secure]);
    expect((await request(scene.port(), trusting)).text).toBe('ok');
    kept.send(get());
    expect((await kept.response()).header('connection')).toBe('keep-alive');
    await writeFile(cert, 'broken');
    await expect(scene.prepare([secure])).rejects.toThrow(`: certificate file "${cert}"`);
    expect((await request(scene.port(), trusting)).text).toBe('ok');
  });
});
