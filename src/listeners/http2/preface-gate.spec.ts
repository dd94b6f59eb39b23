import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { eventually } from '../../../test/support/poll.js';
import { socketPair } from '../../../test/support/socket-pair.js';
import { PrefaceGate, type Spoken } from './preface-gate.js';

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

/** A connection before the gate. */
async function arriving({ timeout = 0 } = {}) {
  const [client, socket] = await socketPair();
  const told: Spoken[] = [];
  new PrefaceGate(timeout).admit(socket, spoken => told.push(spoken));
  /** Writes, and waits until the gate has read it. */
  const send = async (text: string): Promise<void> => {
    const all = socket.bytesRead + Buffer.byteLength(text, 'latin1');
    client.write(text, 'latin1');
    await eventually(() => socket.bytesRead === all);
    await new Promise(resolve => setImmediate(resolve));
  };
  return { client, socket, told, send };
}

/** All that comes from a connection until its client ends it. */
async function restOf(socket: Socket): Promise<string> {
  let rest = '';
  socket.on('data', (chunk: Buffer) => (rest += chunk.toString('latin1')));
  await once(socket, 'end');
  return rest;
}

afterEach(() => void vi.useRealTimers());

describe('the gate of a listener for HTTP/1.1 and HTTP/2 in clear text', () => {
  it.each(Array.from({ length: preface.length + 1 }, (_, cut) => cut))(
    'knows HTTP/2 by its preface when that comes in two pieces, cut behind byte %i, and leaves all of it unread',
    async cut => {
      const { client, socket, told, send } = await arriving();
      if (cut > 0) await send(preface.slice(0, cut));
      expect(told).toEqual(cut < preface.length ? [] : ['http2']);
      await send(`${preface.slice(cut)}frames`);
      expect(told).toEqual(['http2']);
      client.end(' and more');
      expect(await restOf(socket)).toBe(`${preface}frames and more`);
    },
  );

  it('knows HTTP/2 when the preface comes byte by byte', async () => {
    const { client, socket, told, send } = await arriving();
    for (const byte of preface) await send(byte);
    expect(told).toEqual(['http2']);
    client.end();
    expect(await restOf(socket)).toBe(preface);
  });

  it.each(['G', '\r', 'p', 'PO', 'PU', 'PA', 'PROPFIND', 'PRI /', 'PRI * HTTP/1', '\x16\x03\x01'])(
    'takes %j for HTTP/1.1 without waiting for more',
    async beginning => {
      const { client, socket, told, send } = await arriving();
      await send(beginning);
      expect(told).toEqual(['http1']);
      client.end(' and more');
      expect(await restOf(socket)).toBe(`${beginning} and more`);
    },
  );

  it.each(Array.from({ length: preface.length - 1 }, (_, index) => index + 1))(
    'takes for HTTP/1.1 what leaves the preface behind byte %i, and loses none of it',
    async length => {
      const { client, socket, told, send } = await arriving();
      await send(preface.slice(0, length));
      expect(told).toEqual([]);
      await send('\0');
      expect(told).toEqual(['http1']);
      client.end();
      expect(await restOf(socket)).toBe(`${preface.slice(0, length)}\0`);
    },
  );

  it('sees what has come before it was asked', async () => {
    const [client, socket] = await socketPair();
    client.write('GET / HTTP/1.1\r\n');
    await once(socket, 'readable');
    const told: Spoken[] = [];
    new PrefaceGate(0).admit(socket, spoken => told.push(spoken));
    expect(told).toEqual(['http1']);
    client.end();
    expect(await restOf(socket)).toBe('GET / HTTP/1.1\r\n');
  });

  it.each(['', 'P', preface.slice(0, -1)])('closes a connection that says %j and then nothing in time', async said => {
    const { client, socket, told } = await arriving({ timeout: 20 });
    client.write(said);
    client.resume();
    await once(client, 'end');
    await eventually(() => socket.destroyed);
    expect([told, client.bytesRead]).toEqual([[], 0]);
  });

  it('leaves a connection alone that has shown in time what it speaks', async () => {
    const [client, socket] = await socketPair();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    client.write('G');
    await new Promise(resolve => new PrefaceGate(100).admit(socket, resolve));
    vi.advanceTimersByTime(1_000);
    expect(socket.destroyed).toBe(false);
  });

  it('does not count the time in which the process was too busy to read', async () => {
    const { client, socket, told } = await arriving({ timeout: 20 });
    await new Promise<void>(resolve => client.write('G', () => resolve()));
    const begun = performance.now();
    while (performance.now() - begun < 40);
    await eventually(() => told.length > 0 || socket.destroyed);
    expect(told).toEqual(['http1']);
  });

  it.each(['end', 'resetAndDestroy'] as const)('closes a connection whose client leaves by %s', async leave => {
    const { client, socket, told, send } = await arriving();
    await send('PRI');
    client[leave]();
    await eventually(() => socket.destroyed);
    expect(told).toEqual([]);
  });
});
