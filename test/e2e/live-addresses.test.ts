import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import net, { type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { makeCertificate } from '../support/certificate.js';
import { closeLater } from '../support/cleanup.js';
import { connectRaw, request } from '../support/client.js';
import { connecting, startListeners, unusedPort, type ListenersScene } from '../support/listeners-scene.js';
import { eventually } from '../support/poll.js';

const free = { host: '127.0.0.1', port: 0 };
const web = { name: 'web', ...free };
const insecure = { tls: { rejectUnauthorized: false } };

async function tls(): Promise<{ certificates: object[] }> {
  const { certFile, keyFile } = await makeCertificate();
  return { certificates: [{ cert: certFile, key: keyFile }] };
}

describe('addresses that change', () => {
  const two = async (): Promise<[ListenersScene, number, number]> => {
    const [one, other] = [await unusedPort(), await unusedPort()];
    const scene = await startListeners([
      { name: 'a', ...free, port: one },
      { name: 'b', ...free, port: other, redirectToHttps: 443 },
    ]);
    return [scene, one, other];
  };

  it('may be swapped, without a connection being refused', async () => {
    const [scene, one, other] = await two();
    const stop = connecting(one, false);
    await scene.change([
      { name: 'a', ...free, port: other },
      { name: 'b', ...free, port: one },
    ]);
    expect((await request(other)).status).toBe(200);
    const { failures } = await stop();
    expect(failures).toEqual([]);
    expect(scene.gateway.ports).toEqual({ a: other, b: one });
  });

  it.each([false, true])(
    'are served from the commit on: what connects before waits for it (over TLS: %s)',
    async secure => {
      const scene = await startListeners([web]);
      const port = await unusedPort();
      const transition = await scene.prepare([
        web,
        { name: 'next', ...free, port, ...(secure && { tls: await tls() }) },
      ]);
      let isServed = false;
      const early = request(port, secure ? insecure : {}).finally(() => (isServed = true));
      const gone = net.connect(port, '127.0.0.1');
      await once(gone, 'connect');
      gone.destroy();
      for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
      expect([isServed, scene.listeners.all.length]).toEqual([false, 1]);
      transition.commit();
      expect((await early).text).toBe('ok');
      await eventually(() => expect(scene.listeners.all.map(({ connections }) => connections)).toEqual([0, 0]));
    },
  );

  it.each([
    ['127.0.0.1', '0.0.0.0'],
    ['0.0.0.0', '127.0.0.1'],
  ])('may overlap: from %s to %s on the same port', async (before, after) => {
    const scene = await startListeners([{ ...web, host: before }]);
    const port = scene.port();
    const address = { name: 'web', port };
    await scene.change([{ ...address, host: before, redirectToHttps: 443 }]);
    const transition = await scene.prepare([{ ...address, host: after }]);
    expect((await request(port)).status).toBe(308);
    transition.commit();
    expect(scene.listeners.all[0]!.url).toBe(`http://${after}:${port}`);
    await eventually(async () => expect((await request(port)).status).toBe(200));
  });

  it('that cannot be had refuse the change as they refuse a start, and all stays as it was', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    closeLater(() => server.close());
    await once(server, 'listening');
    const taken = (server.address() as AddressInfo).port;
    const scene = await startListeners([web]);
    const port = await unusedPort();
    const changed = [
      { ...web, redirectToHttps: 443 },
      { name: 'next', ...free, port },
    ];
    await expect(scene.prepare([...changed, { name: 'taken', ...free, port: taken }])).rejects.toThrow(
      `listener "taken": cannot listen on 127.0.0.1:${taken}: another program listens there already; stop it or choose another address (EADDRINUSE)`,
    );
    const { certFile, keyFile } = await makeCertificate();
    const certificates = [{ cert: certFile, key: keyFile }];
    const broken = scene.transition([...changed, { name: 'broken', ...free, tls: { certificates } }]);
    await writeFile(certFile, 'broken');
    await expect(scene.listeners.prepare(broken)).rejects.toThrow(
      `listener "broken": cannot listen on 127.0.0.1:0: certificate file "${certFile}"`,
    );
    await expect(request(port)).rejects.toThrow('ECONNREFUSED');
    expect((await request(scene.port())).text).toBe('ok');
    // The next one is not held to be under way for ever.
    const transition = await scene.prepare(changed);
    const waiting = await connectRaw(port);
    transition.discard();
    await waiting.closed();
    await expect(request(port)).rejects.toThrow('ECONNREFUSED');
    await scene.change(changed);
    expect([(await request(scene.port())).status, (await request(port)).status]).toEqual([308, 200]);
  });

  it('are told in the log, where they come and where they go', async () => {
    const [scene, one, other] = await two();
    await scene.change([{ name: 'b', ...free, port: one }]);
    await scene.gateway.flush();
    const lines = scene.gateway.logs.filter(({ msg }) => /listening/.test(String(msg))).slice(3);
    expect(lines.map(({ listener, msg, url }) => [msg, listener, url])).toEqual([
      ['listening', 'b', `http://127.0.0.1:${one}`],
      ['no longer listening', 'a', `http://127.0.0.1:${one}`],
      ['no longer listening', 'b', `http://127.0.0.1:${other}`],
    ]);
  });
});
