import { describe, expect, it } from 'vitest';
import { roadTo } from '../../test/support/road-scene.js';
import type { Http1Channel } from '../proxy/client/http1-channel.js';
import type { Entrance } from '../proxy/entrance.js';
import type { Exchange } from '../proxy/exchange.js';
import { ClientUpgrades } from './client-upgrades.js';
import type { Tunnels } from './tunnels.js';

/** Upgrades whose exchanges enter. */
async function upgrades() {
  const { exchange } = (await roadTo(['a'])).open({ fields: ['Upgrade', 'WebSocket'] });
  const entered: Exchange[] = [];
  const entrance: Pick<Entrance, 'enter'> = { enter: each => void entered.push(each) };
  const sut = new ClientUpgrades(entrance as Entrance, {} as Tunnels);
  return { exchange, entered, sut };
}

describe('an exchange that may upgrade its connection', () => {
  it('enters with its upgrade, which has what came behind its head', async () => {
    const { exchange, entered, sut } = await upgrades();
    const told: string[] = [];
    const channel: Pick<Http1Channel, 'takeAhead' | 'endWithAnswer' | 'endWithClient'> = {
      takeAhead: () => Buffer.from('early'),
      endWithAnswer: () => told.push('ends with its answer'),
      endWithClient: () => told.push('ends with its client'),
    };
    sut.take(exchange, 'WebSocket', channel as Http1Channel);
    expect([entered, exchange.protocol, exchange.upgrade?.protocol]).toEqual([[exchange], 'websocket', 'WebSocket']);
    expect(told).toEqual(['ends with its answer', 'ends with its client']);
    expect(exchange.upgrade!.firstBytes().toString()).toBe('early');
  });

  it('enters the same way where a stream of HTTP/2 asks for it', async () => {
    const { exchange, entered, sut } = await upgrades();
    sut.take(exchange, 'websocket');
    expect([entered, exchange.protocol, exchange.upgrade!.firstBytes().length]).toEqual([[exchange], 'websocket', 0]);
  });
});
