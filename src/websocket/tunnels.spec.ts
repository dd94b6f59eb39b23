import { duplexPair } from 'node:stream';
import pino from 'pino';
import { Counter, Gauge, Histogram } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../test/support/poll.js';
import { roadTo } from '../../test/support/road-scene.js';
import { StreamMetrics } from '../metrics/stream-metrics.js';
import { TunnelMetrics } from '../metrics/tunnel-metrics.js';
import type { Exchange } from '../proxy/exchange.js';
import type { Exchanges } from '../proxy/exchanges.js';
import { LongLived } from '../proxy/lasting/long-lived.js';
import { Tunnels } from './tunnels.js';
import { UpgradeExchange } from './upgrade-exchange.js';

/** Tunnels of backend `a`, and a way to open one. */
async function tunnels() {
  const road = await roadTo(['a', 'b']);
  const ended: Exchange[] = [];
  const longLived = new LongLived();
  const metrics = new TunnelMetrics();
  const duration = new Histogram({ name: 'duration', help: '-', labelNames: ['route', 'protocol'], registers: [] });
  const resumes = new Counter({ name: 'resumes', help: '-', labelNames: ['route', 'result'], registers: [] });
  const exchanges: Pick<Exchanges, 'end'> = { end: exchange => void ended.push(exchange) };
  const log = pino({ level: 'silent' });
  const sut = new Tunnels(
    exchanges as Exchanges,
    longLived,
    metrics,
    new StreamMetrics(duration, resumes),
    log,
    road.upstreams,
  );
  const open = (id = 'a', draining = false) => {
    const { exchange } = road.open();
    const listenerInfo = { ...exchange.listenerInfo, draining };
    Object.assign(exchange, { upstreamName: 'app', listenerInfo });
    exchange.upgrade = new UpgradeExchange(exchange, 'websocket', undefined, sut);
    const [client, clientSide] = duplexPair();
    const [backend, backendSide] = duplexPair();
    const none = Buffer.alloc(0);
    const told: string[] = [];
    const ends = { client, clientHead: none, backend, backendHead: none };
    exchange.upgrade.carry(road.backend(id), ends, { tunnelOver: () => told.push('over') });
    const received: Buffer[] = [];
    clientSide.on('data', (chunk: Buffer) => received.push(chunk));
    backendSide.resume();
    return { exchange, clientSide, backendSide, told, isClosing: () => Buffer.concat(received)[0] === 0x88 };
  };
  const opened = async (): Promise<number> => {
    const gauge = new Gauge({ name: 'open', help: '-', labelNames: ['route', 'upstream', 'backend'], registers: [] });
    metrics.showOpen(gauge);
    return (await gauge.get()).values.reduce((sum, { value }) => sum + value, 0);
  };
  return { road, longLived, ended, open, opened, duration };
}

describe('a tunnel', () => {
  it('is counted and drainable while it is open, and ends its exchange once, with what it carried', async () => {
    const { longLived, ended, open, opened, duration } = await tunnels();
    const { exchange, clientSide, backendSide, told } = open();
    expect([longLived.open.size, await opened()]).toEqual([1, 1]);
    backendSide.write(Buffer.from([0x81, 2, 0x68, 0x69]));
    await eventually(() => exchange.upgrade!.bytesOut === 4);
    clientSide.end();
    backendSide.end();
    await eventually(() => ended.length > 0);
    expect([ended, told, longLived.open.size, await opened()]).toEqual([[exchange], ['over'], 0, 0]);
    expect([exchange.bytesOut, exchange.tunnel?.messagesOut]).toEqual([4, 1]);
    expect((await duration.get()).values.find(({ metricName }) => metricName === 'duration_count')?.value).toBe(1);
  });

  it('is told goodbye when its backend drains, and no other is', async () => {
    const { road, open } = await tunnels();
    const [mine, other] = [open('a'), open('b')];
    road.backend('a').veto('draining');
    await eventually(() => mine.isClosing());
    expect(other.isClosing()).toBe(false);
    other.clientSide.destroy();
    other.backendSide.destroy();
    mine.clientSide.destroy();
    mine.backendSide.destroy();
  });

  it('is told goodbye when its listener shuts down, and no other is', async () => {
    const { longLived, open } = await tunnels();
    const [mine, other] = [open(), open()];
    longLived.drain(mine.exchange.listenerInfo);
    await eventually(() => mine.isClosing());
    expect(other.isClosing()).toBe(false);
    for (const { clientSide, backendSide } of [mine, other]) {
      clientSide.destroy();
      backendSide.destroy();
    }
  });

  it('is told goodbye at once where the draining had begun before it opened', async () => {
    const { road, open } = await tunnels();
    const late = open('a', true);
    await eventually(() => late.isClosing());
    road.backend('b').veto('draining');
    const drained = open('b');
    await eventually(() => drained.isClosing());
    for (const { clientSide, backendSide } of [late, drained]) {
      clientSide.destroy();
      backendSide.destroy();
    }
  });
});
