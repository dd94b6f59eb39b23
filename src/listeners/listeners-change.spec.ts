import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../../test/support/cleanup.js';
import { connectRaw, request } from '../../test/support/client.js';
import { listenerOf, listenerSettings, type ListenerChanges } from '../../test/support/listener-scene.js';
import { eventually } from '../../test/support/poll.js';
import type { Listener, ListenerSettings } from './listener.js';
import { ListenersChange } from './listeners-change.js';

async function opened(...settings: ListenerChanges[]): Promise<Listener[]> {
  const listeners = settings.map(each => listenerOf(listenerSettings(each)).sut);
  for (const listener of listeners) await listener.listen();
  return listeners;
}

function changeOf(before: readonly Listener[], ...next: ListenerSettings[]) {
  const complaints: string[] = [];
  const sut = new ListenersChange(before, next, settings => listenerOf(settings).sut);
  const commit = (leave = (listener: Listener) => listener.close()): void =>
    sut.commit(leave, ({ name }, line) => complaints.push(`${name}: ${line}`));
  return { sut, commit, complaints };
}

/** Another program on an address. */
async function listening(port: number, host = '127.0.0.1'): Promise<Server> {
  const server = createServer(socket => socket.destroy()).listen(port, host);
  closeLater(() => server.close());
  await once(server, 'listening');
  return server;
}

const isListening = (port: number): Promise<boolean> =>
  connectRaw(port).then(
    client => {
      client.close();
      return true;
    },
    () => false,
  );

describe('a change of listeners', () => {
  it('keeps those whose settings say the same, and has the others go', async () => {
    const before = await opened({ name: 'a' }, { name: 'b' }, { name: 'c' });
    const [a, b, c] = before.map(({ settings }) => settings);
    const { sut, commit } = changeOf(before, { ...b! }, { ...c!, h2c: true }, a!);
    await sut.prepare();
    expect(sut.next.map(listener => before.indexOf(listener))).toEqual([1, -1, 0]);
    const gone: string[] = [];
    commit(({ name }) => void gone.push(name));
    expect(gone).toEqual(['c']);
    // The old c has not been closed, and the address is the new one's all the same.
    expect([before[2]!.accepts, sut.next[1]!.port]).toEqual([false, before[2]!.port]);
    expect((await request(sut.next[1]!.port!)).text).toBe('ok');
  });

  it('tells addresses apart by host and port, and a port of any kind by the name as well', async () => {
    const before = await opened({ name: 'a' }, { name: 'b' });
    const [a, b] = before as [Listener, Listener];
    const { sut, commit } = changeOf(
      before,
      listenerSettings({ name: 'fixed', port: b.port }),
      listenerSettings({ name: 'a', h2c: true }),
      listenerSettings({ name: 'c' }),
      listenerSettings({ name: 'd', host: '127.0.0.2', port: a.port }),
    );
    await sut.prepare();
    commit();
    const [fixed, again, c, d] = sut.next.map(({ port }) => port);
    expect([fixed, again, d]).toEqual([b.port, a.port, a.port]);
    expect([a.port, b.port]).not.toContain(c);
  });

  it('opens nothing for good before its time, and closes all when it is undone', async () => {
    const before = await opened({ name: 'a' });
    const port = before[0]!.port!;
    const { sut } = changeOf(before, listenerSettings({ name: 'a', port, h2c: true }), listenerSettings({ name: 'b' }));
    await sut.prepare();
    const waiting = await connectRaw(sut.next[1]!.acceptor!.port!);
    waiting.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect((await request(port)).text).toBe('ok');
    expect(waiting.received).toHaveLength(0);
    sut.undo();
    await waiting.closed();
    expect([before[0]!.accepts, (await request(port)).text]).toEqual([true, 'ok']);
  });

  it('that is undone while it opens ends up with nothing open', async () => {
    const { sut } = changeOf(
      await opened({ name: 'a' }),
      listenerSettings({ name: 'b' }),
      listenerSettings({ name: 'c' }),
    );
    const prepared = sut.prepare();
    sut.undo();
    await expect(prepared).rejects.toThrow('the gateway is shutting down');
    expect(sut.next.map(({ acceptor }) => acceptor?.isOpen ?? false)).toEqual([false, false]);
  });

  it('is refused where another program has an address, and by an address that overlaps with one that stays', async () => {
    const before = await opened({ name: 'a' });
    const { port } = (await listening(0)).address() as AddressInfo;
    const [taken, over] = [
      { name: 'b', port },
      { name: 'c', host: '0.0.0.0', port: before[0]!.port! },
    ];
    for (const next of [taken, over]) {
      const { sut } = changeOf(before, before[0]!.settings, listenerSettings(next));
      await expect(sut.prepare()).rejects.toThrow(`listener "${next.name}": cannot listen on`);
    }
  });
});

describe('an address that overlaps with one that is left', () => {
  it('is opened when that is closed, as soon as no other program has it', async () => {
    const before = await opened({ name: 'a', host: '0.0.0.0' });
    const port = before[0]!.port!;
    const { sut, commit, complaints } = changeOf(before, listenerSettings({ name: 'a', port }));
    await sut.prepare();
    expect((await request(port)).text).toBe('ok');
    const quicker = Promise.withResolvers<Server>();
    commit(listener => {
      listener.close();
      void listening(port).then(quicker.resolve, quicker.reject);
    });
    const other = await quicker.promise;
    await eventually(() => complaints.length > 0);
    expect(complaints).toEqual([expect.stringMatching(/^a: listener "a": cannot listen on .* \(EADDRINUSE\)$/)]);
    other.close();
    await eventually(async () => expect((await request(port)).text).toBe('ok'));
    expect([complaints.length, sut.next[0]!.port]).toEqual([1, port]);
  });

  it('is given up when its listener is closed before', async () => {
    const before = await opened({ name: 'a', host: '0.0.0.0' });
    const port = before[0]!.port!;
    const { sut, commit } = changeOf(before, listenerSettings({ name: 'a', port }));
    await sut.prepare();
    commit();
    sut.next[0]!.close();
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(await isListening(port)).toBe(false);
  });
});
