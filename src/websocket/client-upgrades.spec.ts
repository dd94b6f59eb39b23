import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { roadTo } from '../../test/support/road-scene.js';
import { socketPair } from '../../test/support/socket-pair.js';
import type { Entrance } from '../proxy/entrance.js';
import type { Exchange } from '../proxy/exchange.js';
import type { Exchanges } from '../proxy/exchanges.js';
import { ClientUpgrades } from './client-upgrades.js';
import type { Tunnels } from './tunnels.js';

const listener = { name: 'web', scheme: 'http', port: 80, unix: false, draining: false } as const;

/** Upgrades of which the exchanges begin, or do not, and enter. */
async function upgrades(begins = true) {
  const { exchange } = (await roadTo(['a'])).open({ fields: ['Upgrade', 'WebSocket'] });
  const entered: Exchange[] = [];
  const exchanges: Pick<Exchanges, 'begin' | 'upgradeOf'> = {
    begin: () => (begins ? exchange : undefined),
    upgradeOf: () => 'offered',
  };
  const entrance: Pick<Entrance, 'enter'> = { enter: each => void entered.push(each) };
  const sut = new ClientUpgrades(exchanges as Exchanges, entrance as Entrance, {} as Tunnels);
  return { exchange, entered, sut };
}

describe('a request that may upgrade its connection', () => {
  it('is asked of the exchanges, and enters as an exchange with its upgrade and what came behind its head', async () => {
    const { exchange, entered, sut } = await upgrades();
    const [, socket] = await socketPair();
    const request = {
      socket,
      headers: exchange.headers,
      method: 'GET',
      httpVersionMajor: 1,
      httpVersionMinor: 1,
    } as unknown as IncomingMessage;
    expect(sut.offer(request, listener)).toBe('offered');
    sut.take(request, socket, Buffer.from('early'), listener);
    expect([entered, exchange.protocol, exchange.upgrade?.protocol]).toEqual([[exchange], 'websocket', 'WebSocket']);
    expect(exchange.upgrade!.firstBytes().toString()).toBe('early');
  });

  it('does not enter where it was refused', async () => {
    const { exchange, entered, sut } = await upgrades(false);
    const [, socket] = await socketPair();
    const request = {
      socket,
      headers: exchange.headers,
      method: 'GET',
      httpVersionMajor: 1,
      httpVersionMinor: 1,
    } as unknown as IncomingMessage;
    sut.take(request, socket, Buffer.alloc(0), listener);
    expect([entered, exchange.upgrade]).toEqual([[], undefined]);
  });

  it('enters the same way where a stream of HTTP/2 asks for it', async () => {
    const { exchange, entered, sut } = await upgrades();
    sut.takeStream(exchange, 'websocket');
    expect([entered, exchange.protocol, exchange.upgrade!.firstBytes().length]).toEqual([[exchange], 'websocket', 0]);
  });
});
