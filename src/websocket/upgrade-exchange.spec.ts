import { describe, expect, it } from 'vitest';
import { backendAt } from '../../test/support/forwarding.js';
import { roadTo } from '../../test/support/road-scene.js';
import { sampleKey } from '../../test/support/upgrade-scene.js';
import type { Http1Channel } from '../proxy/client/http1-channel.js';
import { acceptOf } from './handshake.js';
import type { Tunnel } from './tunnel.js';
import { UpgradeExchange } from './upgrade-exchange.js';

/** An upgrade; `ahead`: what its client has sent early, null on HTTP/2. */
async function upgrade(protocol = 'WebSocket', ahead: string | null = 'early') {
  const road = await roadTo(['a']);
  const { exchange } = road.open({ fields: ['Sec-WebSocket-Key', sampleKey] });
  const channel = ahead === null ? undefined : { takeAhead: () => Buffer.from(ahead) };
  const tunnel = { fromClient: { bytes: 3 }, fromBackend: { bytes: 5 } } as Tunnel;
  const sut = new UpgradeExchange(exchange, protocol, channel as Http1Channel | undefined, { open: () => tunnel });
  return { road, exchange, sut, tunnel };
}

describe('an upgrade', () => {
  it('is proved by the key of the client, in any case of the field name and with space around the value', async () => {
    const { sut } = await upgrade();
    sut.prove();
    expect(sut.isWebSocket).toBe(true);
    expect(sut.fault(['sec-websocket-ACCEPT', ` ${acceptOf(sampleKey)} `])).toBeUndefined();
    expect([sut.fault([]), sut.fault(['Sec-WebSocket-Accept', 'wrong'])]).toEqual([
      'Sec-WebSocket-Accept does not answer the key',
      'Sec-WebSocket-Accept does not answer the key',
    ]);
  });

  it('is proved by a key of the gateway, which the backend gets, where the protocol of the client has none', async () => {
    const { exchange, sut } = await upgrade('websocket', null);
    sut.prove();
    const headers: string[] = [];
    exchange.editRequest(headers);
    expect([headers[0], headers[1] === sampleKey]).toEqual(['Sec-WebSocket-Key', false]);
    expect(sut.fault(['Sec-WebSocket-Accept', acceptOf(headers[1]!)])).toBeUndefined();
    expect(sut.fault(['Sec-WebSocket-Accept', acceptOf(sampleKey)])).toBeDefined();
  });

  it('to another protocol needs no proof', async () => {
    const { sut } = await upgrade('own');
    sut.prove();
    expect([sut.isWebSocket, sut.fault([])]).toEqual([false, undefined]);
  });

  it('hands over what its client has sent early, and nothing on HTTP/2', async () => {
    expect((await upgrade()).sut.firstBytes().toString()).toBe('early');
    expect((await upgrade('websocket', null)).sut.firstBytes().length).toBe(0);
  });

  it('counts the bytes of its tunnel, once there is one', async () => {
    const { sut, tunnel } = await upgrade();
    expect([sut.bytesIn, sut.bytesOut]).toEqual([0, 0]);
    expect(sut.carry(backendAt('http://a.test'), {} as never, { tunnelOver: () => {} })).toBe(tunnel);
    expect([sut.bytesIn, sut.bytesOut]).toEqual([3, 5]);
  });
});
