import { describe, expect, it } from 'vitest';
import { codeOf, roadTo, type OpenRequest } from '../../test/support/road-scene.js';
import { sampleKey } from '../../test/support/upgrade-scene.js';
import { ExchangeResponse } from '../proxy/exchange-response.js';
import { TunnelGateway } from './tunnel.gateway.js';
import { UpgradeExchange } from './upgrade-exchange.js';

const webSocket = ['Upgrade', 'websocket', 'Sec-WebSocket-Version', '13', 'Sec-WebSocket-Key', sampleKey];

/** A gateway, and a way to ask it for an upgrade. */
async function gateway(websocket: object = {}, routes: readonly object[] = []) {
  const road = await roadTo(['a'], {}, { websocket, ...(routes.length > 0 && { routes }) });
  const sut = new TunnelGateway(road.dispatcher);
  const opener = { open: () => ({}) as never };
  const ask = (fields: string[] = webSocket, protocol = 'websocket', path = '/'): OpenRequest => {
    const request = road.open({ fields, path });
    request.exchange.upgrade = new UpgradeExchange(request.exchange, protocol, undefined, opener);
    void sut.handle(request);
    return request;
  };
  return { road, sut, ask };
}

describe('a handshake', () => {
  it('goes to a backend once it is right, and holds a place among the tunnels', async () => {
    const { road, ask } = await gateway();
    const { exchange } = ask();
    expect([road.forwarder.last.request.upgrade, exchange.places!.open]).toEqual(['websocket', 1]);
  });

  it('is refused where it is wrong, before a backend is asked', async () => {
    const { road, ask } = await gateway();
    const old = ask(['Upgrade', 'websocket', 'Sec-WebSocket-Version', '8', 'Sec-WebSocket-Key', sampleKey]);
    const keyless = ask(['Upgrade', 'websocket', 'Sec-WebSocket-Version', '13']);
    expect([old.answer.told[0], old.answer.field('sec-websocket-version'), keyless.answer.told[0]]).toEqual([
      '426',
      '13',
      '400',
    ]);
    expect([road.forwarder.attempts, old.exchange.places]).toEqual([[], undefined]);
  });

  it('of another protocol is not looked at', async () => {
    const { road, ask } = await gateway({ upgrades: 'any' });
    ask(['Upgrade', 'own'], 'own');
    expect(road.forwarder.last.request.upgrade).toBe('own');
  });

  it('is refused where upgrades are off, or the page is of another origin', async () => {
    const off = await gateway({ enabled: false });
    expect(off.ask().answer.told[0]).toBe('403');
    const origins = await gateway({ origins: ['https://a.example'] });
    expect(origins.ask([...webSocket, 'Origin', 'https://evil.example']).answer.told[0]).toBe('403');
    origins.ask([...webSocket, 'Origin', 'https://a.example']);
    expect([off.road.forwarder.asked, origins.road.forwarder.asked]).toEqual([[], ['a']]);
  });

  it('gets 503 where too many tunnels are open', async () => {
    const { road, ask } = await gateway({ maxConnections: 1 });
    const first = ask();
    const second = ask();
    expect([codeOf(second), second.answer.field('retry-after'), road.forwarder.asked]).toEqual([
      'QUEUE_FULL',
      '1',
      ['a'],
    ]);
    first.exchange.places!.leave();
    ask();
    expect(road.forwarder.asked).toEqual(['a', 'a']);
  });

  it('takes no place where it has ended before, or no backend is asked', async () => {
    const routes = [{ name: 'fixed', match: { path: '/fixed' }, respond: { status: 200 } }];
    const { road, sut, ask } = await gateway({}, routes);
    expect([
      ask(webSocket, 'websocket', '/fixed').answer.told[0],
      ask(webSocket, 'websocket', '/none').answer.told[0],
    ]).toEqual(['200', '404']);
    const gone = road.open({ path: '/fixed' });
    gone.leave();
    void sut.handle(gone);
    expect([gone.exchange.places, road.forwarder.attempts]).toEqual([undefined, []]);
  });

  it('resolves for interceptors when its exchange is over', async () => {
    const { road, sut } = await gateway();
    const request = road.open({ fields: ['Upgrade', 'websocket'] });
    const response = (request.exchange.response = new ExchangeResponse(request.exchange));
    request.leave();
    expect(sut.handle(request)).toBe(response.over);
  });
});
