import { beforeAll, describe, expect, it } from 'vitest';
import { connectRaw, type RawClient } from '../support/client.js';
import type { InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { gatewayTo } from '../support/scene.js';
import { startStrictBackend, type StrictBackend } from '../support/strict-backend.js';
import { corpus, type Variant } from './smuggling-corpus.js';

const host = 'Host: shop.example\r\n';
const get = (path: string): string => `GET ${path} HTTP/1.1\r\n${host}\r\n`;

/** Sends each byte in a packet of its own. */
async function sendByteByByte(client: RawClient, bytes: string): Promise<void> {
  for (const byte of bytes) {
    if (!client.socket.writable) return;
    await new Promise(resolve => client.socket.write(byte, 'latin1', resolve));
  }
}

describe.each(['default', 'http-proxy-middleware'])('behind %s', forwarder => {
  let backend: StrictBackend;
  let gateway: InProcessGateway;
  let probes = 0;

  beforeAll(async () => {
    backend = await startStrictBackend();
    gateway = await gatewayTo([backend], { forwarder });
  });

  /** Asks for a path of its own on this connection, and expects that very answer. */
  async function probe(client: RawClient): Promise<string> {
    const asked = `GET /probe-${probes++} 0`;
    client.send(get(asked.split(' ')[1]!));
    expect(await client.response()).toMatchObject({ status: 200, text: asked, clean: true });
    return asked;
  }

  async function expectVerdict({ bytes, end, reaches }: Variant, before: readonly string[], client: RawClient) {
    const seen = [...before, ...reaches];
    let method = /^[A-Z]*/.exec(bytes)![0];
    for (const text of seen) {
      const isHead = text.startsWith('HEAD');
      const response = await client.response({ method: isHead ? 'HEAD' : 'GET' });
      expect(response).toMatchObject({ status: 200, clean: true, text: isHead ? '' : text });
      method = '';
    }
    if (typeof end === 'number') {
      const response = await client.response({ method: method === 'HEAD' || method === 'CONNECT' ? 'GET' : method });
      expect(response).toMatchObject({ status: end, clean: true });
      expect(response.header('connection')).toBe('close');
    }
    if (end === 'open') seen.push(await probe(client));
    client.half();
    await client.closed();
    expect(client.rest).toHaveLength(0);
    // Another client, on the connections that this one's requests have used.
    seen.push(await probe(await connectRaw(gateway.port)));
    await eventually(() => expect(gateway.gateway.listeners[0]!.connections).toBeLessThan(3));
    expect(backend.ambiguities).toEqual([]);
    expect(backend.seen).toEqual(seen);
  }

  async function attack(variant: Variant, how: 'alone' | 'pipelined' | 'byte by byte'): Promise<void> {
    backend.forget();
    const client = await connectRaw(gateway.port);
    if (how === 'alone') client.send(variant.bytes);
    else if (how === 'pipelined') client.send(get('/first') + variant.bytes);
    else await sendByteByByte(client, variant.bytes);
    await expectVerdict(variant, how === 'pipelined' ? ['GET /first 0'] : [], client);
  }

  // A refused message never reaches a forwarder, so it is tried with one forwarder only, and in each way in which its bytes can
  // arrive.
  const first = forwarder === 'default';
  // http-proxy-middleware cannot send a method in lower case.
  const forwarded = ({ reaches, what }: Variant): boolean => reaches.length > 0 && what !== 'a method in lower case';

  describe.each([...corpus])('%s', (_group, all) => {
    const variants = first ? all : all.filter(forwarded);

    it.each(variants)('$what: $end', async variant => {
      await attack(variant, 'alone');
    });

    it.each(first ? all : [])('$what, behind another request: $end', async variant => {
      await attack(variant, 'pipelined');
    });

    it.each(first ? all.filter(({ bytes }) => bytes.length < 1_000) : [])(
      '$what, byte by byte: $end',
      async variant => {
        await attack(variant, 'byte by byte');
      },
    );
  });
});

it('the corpus has hundreds of variants, each of its own', () => {
  const all = [...corpus.values()].flat();
  expect(all.length).toBeGreaterThan(290);
  expect(new Set(all.map(({ bytes }) => bytes)).size).toBeGreaterThan(all.length - 5);
});
