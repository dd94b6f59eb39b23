import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { codeOf, roadTo, type OpenRequest, type Road } from '../../test/support/road-scene.js';

/** An exchange with two attempts under way. */
async function race(upstream: object = {}, ids = ['a', 'b']): Promise<OpenRequest & { readonly road: Road }> {
  const road = await roadTo(ids, { retries: { hedgeAfter: '50ms' }, ...upstream });
  const request = road.send();
  vi.advanceTimersByTime(50);
  expect(road.forwarder.asked).toEqual(['a', 'b']);
  return { ...request, road };
}

describe('a second attempt beside a slow one', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('is counted, and the answer that comes first wins while the other is given up', async () => {
    const { road, answer, exchange } = await race();
    const [first, second] = road.forwarder.attempts;
    first!.sent();
    second!.answer(200, 'b');
    expect([answer.told, exchange.backendId, exchange.attempts]).toEqual([['200', 'b', 'end'], 'b', 2]);
    expect([first!.aborted, second!.aborted, road.inFlight]).toEqual([1, 0, [0, 0]]);
    expect(await road.counted()).toEqual({ hedged: { app: 1 } });
    expect([road.breaker('a').told, road.breaker('b').told]).toEqual([['ignored'], ['success']]);
    expect(await road.endings()).toEqual({ 'app a ignored': 1, 'app b success': 1 });
  });

  it('does not keep the first from winning', async () => {
    const { road, answer, exchange } = await race();
    road.forwarder.attempts[0]!.answer(200, 'a');
    expect([answer.told, exchange.backendId, road.forwarder.attempts[1]!.aborted]).toEqual([
      ['200', 'a', 'end'],
      'a',
      1,
    ]);
    expect(road.inFlight).toEqual([0, 0]);
  });

  it('leaves the exchange to the other one where either fails', async () => {
    for (const [loser, winner] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const { road, answer, exchange } = await race();
      road.forwarder.attempts[loser]!.fail('RESET');
      expect([exchange.error, road.forwarder.attempts.length]).toEqual([undefined, 2]);
      road.forwarder.attempts[winner]!.answer();
      expect([answer.told[0], road.inFlight]).toEqual(['200', [0, 0]]);
    }
  });

  it('has what both have failed on followed by a third that avoids them', async () => {
    const { road, answer } = await race({}, ['a', 'b', 'c']);
    road.forwarder.attempts[0]!.fail('RESET');
    road.forwarder.attempts[1]!.fail('RESET');
    expect(road.forwarder.asked).toEqual(['a', 'b', 'c']);
    road.forwarder.last.answer();
    expect([answer.told[0], road.inFlight]).toEqual(['200', [0, 0, 0]]);
  });

  it('drops an answer that is a failure while the other is still out', async () => {
    const { road, answer } = await race();
    road.forwarder.attempts[0]!.answer(503, 'down');
    expect([answer.told, road.forwarder.attempts.length]).toEqual([[], 2]);
    road.forwarder.attempts[1]!.answer(200, 'b');
    expect([answer.told, road.strategy.told]).toEqual([
      ['200', 'b', 'end'],
      ['a failure', 'b success'],
    ]);
  });

  it('has another follow where the second fails after the answer of the first was dropped', async () => {
    const { road, answer } = await race({}, ['a', 'b', 'c']);
    road.forwarder.attempts[0]!.answer(503, 'down');
    road.forwarder.attempts[1]!.fail('RESET');
    expect(road.forwarder.asked).toEqual(['a', 'b', 'c']);
    road.forwarder.last.answer();
    expect([answer.told[0], road.inFlight]).toEqual(['200', [0, 0, 0]]);
  });

  it('passes an answer on that is a failure where the other has failed before and nothing is left', async () => {
    const { road, answer } = await race();
    road.forwarder.attempts[1]!.fail('RESET');
    road.forwarder.attempts[0]!.answer(503, 'down');
    expect([answer.told, road.forwarder.attempts.length]).toEqual([['503', 'down', 'end'], 2]);
  });

  it('keeps interim answers back while two are out', async () => {
    const { road, answer } = await race();
    road.forwarder.attempts[0]!.informational(103);
    expect(answer.told).toEqual([]);
    road.forwarder.attempts[1]!.fail('RESET');
    road.forwarder.attempts[0]!.informational(103);
    expect(answer.told).toEqual(['(103)']);
  });

  it('is not made where the first has answered or ended, or the request may have an effect', async () => {
    const road = await roadTo(['a', 'b'], { retries: { hedgeAfter: '50ms' } });
    road.send();
    road.forwarder.last.head(200);
    road.send();
    road.forwarder.last.fail('PROTOCOL');
    road.send({ method: 'POST' });
    vi.advanceTimersByTime(10_000);
    expect(road.forwarder.asked).toEqual(['a', 'a', 'a']);
  });

  it('is not made where no other backend has room, and takes no budget then', async () => {
    const road = await roadTo(['a', 'b'], { retries: { hedgeAfter: '50ms' }, connections: { max: 1 } });
    road.send();
    road.send({ method: 'POST' });
    const { budget } = road.target();
    while (budget.take(performance.now()));
    vi.advanceTimersByTime(50);
    expect([road.forwarder.asked, await road.counted()]).toEqual([['a', 'b'], {}]);
  });

  it('is not made on a backup while there is a primary', async () => {
    const backends = ['a', 'b'].map(id => ({ id, url: `http://${id}.test`, backup: id === 'b' }));
    const road = await roadTo([], { backends, retries: { hedgeAfter: '50ms' } });
    road.send();
    vi.advanceTimersByTime(50);
    expect(road.forwarder.asked).toEqual(['a']);
  });

  it('is not made where the budget does not allow it', async () => {
    const road = await roadTo(['a', 'b'], { retries: { hedgeAfter: '50ms', budget: '0%' } });
    const { budget } = road.target();
    road.send();
    while (budget.take(performance.now()));
    vi.advanceTimersByTime(50);
    expect([road.forwarder.asked, await road.counted()]).toEqual([['a'], { withheld: { app: 1 } }]);
  });

  it('is not made any more where the answer of the first was dropped for another attempt', async () => {
    const road = await roadTo(['a', 'b', 'c'], { retries: { hedgeAfter: '50ms' } });
    road.send();
    road.forwarder.last.answer(503);
    vi.advanceTimersByTime(10_000);
    expect(road.forwarder.asked).toEqual(['a', 'b']);
  });

  it('is not made for an attempt that follows another', async () => {
    const road = await roadTo(['a', 'b', 'c'], { retries: { hedgeAfter: '50ms' } });
    road.send();
    road.forwarder.last.fail('RESET');
    vi.advanceTimersByTime(10_000);
    expect(road.forwarder.asked).toEqual(['a', 'b']);
  });

  it('leaves its place again where the circuit of its backend lets no request in', async () => {
    const road = await roadTo(['a', 'b'], { retries: { hedgeAfter: '50ms' } });
    const { answer } = road.send();
    vi.spyOn(road.breaker('b'), 'tryEnter').mockReturnValue(0);
    vi.advanceTimersByTime(50);
    expect([road.forwarder.asked, road.inFlight]).toEqual([['a'], [1, 0]]);
    road.forwarder.last.answer();
    expect(answer.told[0]).toBe('200');
  });

  it('has the exchange end where both have failed and no more may be tried', async () => {
    const request = await race({ retries: { hedgeAfter: '50ms', attempts: 0 } });
    request.road.forwarder.attempts[1]!.fail('CONNECT_FAILED');
    request.road.forwarder.attempts[0]!.fail('RESET');
    expect([codeOf(request), request.answer.told[0], request.road.inFlight]).toEqual(['RESET', '502', [0, 0]]);
  });
});
