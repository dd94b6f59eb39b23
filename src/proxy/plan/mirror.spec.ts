import { describe, expect, it } from 'vitest';
import { settle } from '../../../test/support/body-scene.js';
import { roadTo } from '../../../test/support/road-scene.js';

const at = (id: string, more: object = {}) => ({ backends: [{ id, url: `http://${id}.test` }], ...more });

/** A road whose requests are mirrored from `a` to `m`. */
function mirrored(share: string = '100%', shadow: object = {}) {
  const upstreams = { app: at('a'), shadow: at('m', shadow) };
  return roadTo(
    [],
    {},
    { upstreams, routes: [{ name: 'all', upstream: 'app', mirror: { upstream: 'shadow', share } }] },
  );
}

describe('a mirror', () => {
  it('is sent the request as a backend gets it, and nothing of its answer reaches the client', async () => {
    const road = await mirrored();
    const { answer } = road.send({ path: '/x', fields: ['X-One', '1'] });
    const [copy, original] = road.forwarder.attempts;
    expect([copy!.backend, copy!.request.path, copy!.field('x-one')]).toEqual(['m', '/x', '1']);
    expect(copy!.request.message).toBeUndefined();
    copy!.answer(500, 'copy');
    expect([answer.told, road.inFlight]).toEqual([[], [1, 0]]);
    original!.answer();
    expect([answer.told, road.inFlight]).toEqual([
      ['200', 'ok', 'end'],
      [0, 0],
    ]);
    expect(road.strategy.told).toEqual(['m success', 'a success']);
  });

  it('gets its share only', async () => {
    const road = await mirrored('30%');
    road.chance = 0.3;
    road.send();
    expect(road.forwarder.asked).toEqual(['a']);
    road.chance = 0.29;
    road.send();
    expect(road.forwarder.asked).toEqual(['a', 'm', 'a']);
  });

  it('gets a body whole, once it is there, and none that is larger than 64 KiB', async () => {
    const road = await mirrored();
    const small = road.send({ method: 'PUT', fields: ['Content-Length', '3'] });
    expect(road.forwarder.asked).toEqual([]);
    small.message.arrive(Buffer.from('abc'));
    small.message.finish();
    await settle();
    const copy = road.forwarder.attempts.find(({ backend }) => backend === 'm');
    expect([road.forwarder.asked.length, copy?.request.body?.toString()]).toEqual([2, 'abc']);
    const large = road.send({ method: 'PUT', fields: ['Transfer-Encoding', 'chunked'] });
    const reading = road.forwarder.last;
    reading.sent();
    large.message.arrive(Buffer.alloc(64 * 1024 + 1));
    large.message.finish();
    await settle();
    expect(road.forwarder.asked.filter(id => id === 'm').length).toBe(1);
  });

  it('gets nothing where it has no backend or no room, and what fails there counts for it alone', async () => {
    const road = await mirrored('100%', { connections: { max: 1 } });
    road.send();
    road.send();
    expect(road.forwarder.asked).toEqual(['m', 'a', 'a']);
    road.forwarder.attempts[0]!.fail('RESET');
    expect([road.inFlight, road.strategy.told, road.breaker('m').told]).toEqual([[2, 0], ['m failure'], []]);
    road.backend('m', 'shadow').veto('unhealthy');
    const { answer } = road.send();
    road.forwarder.last.answer();
    expect([road.forwarder.asked.filter(id => id === 'm').length, answer.told[0]]).toEqual([1, '200']);
  });

  it('never gets an upgrade', async () => {
    const road = await mirrored();
    const { exchange } = road.open();
    exchange.upgrade = { protocol: 'websocket', bytesIn: 0 } as NonNullable<typeof exchange.upgrade>;
    road.dispatcher.dispatch(exchange);
    expect(road.forwarder.asked).toEqual(['a']);
  });
});
