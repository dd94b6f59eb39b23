import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { codeOf, roadTo } from '../../test/support/road-scene.js';

describe('the delivery of an exchange', () => {
  it('is one attempt where the backend answers, and leaves nothing behind', async () => {
    const road = await roadTo();
    const { exchange, answer } = road.send({ path: '/x', query: 'y=1' });
    const { request } = road.forwarder.last;
    expect([request.method, request.path, road.forwarder.last.field('host')]).toEqual(['GET', '/x?y=1', 'a.example']);
    expect(exchange.underWay).toBeDefined();
    road.forwarder.last.answer(200, 'hello', 'X-One', '1');
    expect([answer.told, answer.field('x-one')]).toEqual([['200', 'hello', 'end'], '1']);
    expect([exchange.attempts, exchange.backendId, exchange.upstreamName]).toEqual([1, 'a', 'app']);
    expect([road.inFlight, exchange.underWay, await road.counted()]).toEqual([[0, 0], undefined, {}]);
  });

  it('has a backend that fails followed by one that has not failed', async () => {
    const road = await roadTo(['a', 'b', 'c']);
    const { exchange, answer } = road.send();
    road.forwarder.last.fail('RESET');
    road.forwarder.last.fail('CONNECT_FAILED');
    road.forwarder.last.answer();
    expect(road.strategy.offered).toEqual(['a b c', 'b c', 'c']);
    expect([answer.told, exchange.attempts, exchange.backendId]).toEqual([['200', 'ok', 'end'], 3, 'c']);
    expect(await road.counted()).toEqual({ retried: { 'app reset': 1, 'app connect-failure': 1 } });
    expect(road.inFlight).toEqual([0, 0, 0]);
  });

  it('takes a backup once every primary has failed it, and then goes round', async () => {
    const backends = ['a', 'b'].map(id => ({ id, url: `http://${id}.test`, backup: id === 'b' }));
    const road = await roadTo([], { backends, retries: { attempts: 3 } });
    road.send();
    road.forwarder.last.fail('RESET');
    road.forwarder.last.fail('RESET');
    road.forwarder.last.fail('RESET');
    expect(road.forwarder.asked).toEqual(['a', 'b', 'a', 'a']);
  });

  it('ends with what the last attempt ended with once all retries are used up', async () => {
    const road = await roadTo(['a', 'b'], { retries: { attempts: 1 } });
    const request = road.send();
    road.forwarder.last.fail('CONNECT_FAILED');
    road.forwarder.last.fail('RESET');
    expect([codeOf(request), request.answer.told[0], road.forwarder.asked]).toEqual(['RESET', '502', ['a', 'b']]);
    expect([request.answer.told.length, road.inFlight]).toEqual([3, [0, 0]]);
  });

  it('is not tried again where the request may have had an effect', async () => {
    const road = await roadTo();
    const request = road.send({ method: 'POST' });
    road.forwarder.last.fail('RESET');
    expect([codeOf(request), road.forwarder.asked]).toEqual(['RESET', ['a']]);
  });

  it('is tried again at the same backend, without a count against it, where the connection was a stale one', async () => {
    const road = await roadTo(['a', 'b'], { retries: { attempts: 0 } });
    const { answer } = road.send({ method: 'POST' });
    for (let count = 0; count < 3; count++) road.forwarder.last.fail('RESET', { stale: true });
    road.forwarder.last.answer();
    expect([road.forwarder.asked, answer.told[0]]).toEqual([['a', 'a', 'a', 'a'], '200']);
    expect(await road.counted()).toEqual({ retried: { 'app stale': 3 } });
    expect(road.breaker('a').told).toEqual(['ignored', 'ignored', 'ignored', 'success']);
  });

  it('ends where the fourth connection in a row is stale', async () => {
    const road = await roadTo(['a', 'b'], { retries: { attempts: 0 } });
    const request = road.send();
    for (let count = 0; count < 4; count++) road.forwarder.last.fail('RESET', { stale: true });
    expect([codeOf(request), road.forwarder.attempts.length]).toEqual(['RESET', 4]);
  });

  it('is broken off where the head is with the client', async () => {
    const road = await roadTo();
    const request = road.send();
    road.forwarder.last.head(200);
    road.forwarder.last.fail('BODY_BROKEN');
    expect([request.answer.told, codeOf(request), road.forwarder.asked]).toEqual([
      ['200', 'abort'],
      'BODY_BROKEN',
      ['a'],
    ]);
    expect(road.inFlight).toEqual([0, 0]);
  });

  it('passes by a backend whose breaker refuses it, and leaves the place there', async () => {
    const road = await roadTo();
    vi.spyOn(road.breaker('a'), 'tryEnter').mockReturnValue(0);
    const { answer } = road.send();
    road.forwarder.last.answer();
    expect([road.forwarder.asked, answer.told[0], road.inFlight]).toEqual([['b'], '200', [0, 0]]);
  });

  it('leaves half of the places to requests whose clients have sent all', async () => {
    const road = await roadTo(['a'], { connections: { max: 2, queue: 10 } });
    const chunked = { method: 'PUT', fields: ['Transfer-Encoding', 'chunked'] };
    const [first, second] = [road.send(chunked), road.send(chunked)];
    expect([road.gate('a').sending, first.exchange.attempts, second.exchange.attempts]).toEqual([1, 1, 0]);
    expect([road.send().exchange.attempts, first.exchange.isPressed]).toEqual([1, true]);
    second.leave();
    expect(first.exchange.isPressed).toBe(false);
  });

  it('has a circuit opened before the place is given on: those that wait are not let in to the backend', async () => {
    const road = await roadTo(['a'], {
      connections: { max: 1, queue: 10 },
      circuitBreaker: { volumeThreshold: 1, errorThreshold: '1%' },
      retries: { attempts: 1 },
    });
    road.send();
    const waits = road.send();
    road.forwarder.last.fail('RESET');
    expect([codeOf(waits), road.forwarder.asked, road.inFlight]).toEqual(['NO_BACKEND', ['a'], [0]]);
  });

  it('gets no second attempt and no fallback when the backend fails behind a head that the client has', async () => {
    const road = await roadTo(['a', 'b'], { fallback: { status: 200 } });
    const request = road.send();
    road.forwarder.last.head(200);
    road.forwarder.last.fail('RESET');
    expect([request.answer.told, road.forwarder.asked, await road.counted()]).toEqual([['200', 'abort'], ['a'], {}]);
  });

  it('ends at once with Retry-After where no backend may be used', async () => {
    const road = await roadTo();
    for (const backend of road.target().upstream.backends) backend.veto('unhealthy');
    const request = road.send();
    expect([codeOf(request), request.answer.field('retry-after')]).toEqual(['NO_BACKEND', '1']);
    expect([road.forwarder.attempts, request.exchange.attempts]).toEqual([[], 0]);
  });

  it('counts as a rejection by each circuit that is open where no backend may be used, and only then', async () => {
    const road = await roadTo(['a', 'b', 'c'], { retries: { attempts: 0 } });
    road.send();
    road.breaker('a').open();
    road.breaker('b').open();
    road.backend('c').veto('unhealthy');
    road.forwarder.last.fail('RESET');
    expect(await road.rejections()).toEqual({});
    road.send();
    expect(await road.rejections()).toEqual({ 'app a': 1, 'app b': 1 });
  });

  it('ends where the backends are taken out while an attempt is under way', async () => {
    const road = await roadTo();
    const request = road.send();
    for (const backend of road.target().upstream.backends) backend.veto('unhealthy');
    road.forwarder.last.fail('RESET');
    expect([codeOf(request), road.forwarder.asked]).toEqual(['RESET', ['a']]);
  });

  it('passes by a backend whose circuit lets no other trial in', async () => {
    const circuitBreaker = { volumeThreshold: 1, errorThreshold: '1%', openFor: '1s' };
    const road = await roadTo(['a', 'b'], { circuitBreaker });
    vi.useFakeTimers();
    try {
      road.breaker('a').settle(road.breaker('a').tryEnter(), 'failure', 'hard');
      vi.advanceTimersByTime(1001);
      road.send();
      road.send();
      expect(road.forwarder.asked).toEqual(['a', 'b']);
      expect(road.inFlight).toEqual([1, 1]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('lets a request pass an open circuit while the upstream is in panic', async () => {
    const road = await roadTo(['a', 'b'], { panicThreshold: '60%' });
    road.breaker('a').open();
    expect(road.target().upstream.panicking).toBe(true);
    const { answer } = road.send();
    road.forwarder.last.answer();
    expect([road.forwarder.asked, answer.told[0], road.inFlight]).toEqual([['a'], '200', [0, 0]]);
  });

  it('answers nothing any more once its exchange has ended', async () => {
    const road = await roadTo();
    const { exchange, answer, leave } = road.send();
    const [attempt] = road.forwarder.attempts;
    leave();
    attempt!.fail('RESET');
    expect([answer.told, road.forwarder.asked, exchange.status]).toEqual([['abort'], ['a'], 499]);
  });
});

describe('an answer with a status that is tried again', () => {
  it('is dropped, and the next backend is asked', async () => {
    const road = await roadTo();
    const { answer, exchange } = road.send();
    road.forwarder.attempts[0]!.answer(503, 'down');
    expect(road.forwarder.asked).toEqual(['a', 'b']);
    road.forwarder.last.answer();
    expect([answer.told, exchange.status]).toEqual([['200', 'ok', 'end'], 200]);
    expect(await road.counted()).toEqual({ retried: { 'app status': 1 } });
    expect([road.breaker('a').told, road.breaker('b').told]).toEqual([['failure soft'], ['success']]);
    expect([road.strategy.told, road.inFlight]).toEqual([
      ['a failure', 'b success'],
      [0, 0],
    ]);
  });

  it('reaches the client where no other backend is left', async () => {
    const road = await roadTo();
    const { answer } = road.send();
    road.forwarder.last.answer(503, 'down');
    road.forwarder.last.answer(503, 'down, too');
    expect([answer.told, road.forwarder.asked]).toEqual([
      ['503', 'down, too', 'end'],
      ['a', 'b'],
    ]);
    expect(road.strategy.told).toEqual(['a failure', 'b failure']);
  });

  it('counts for its breaker with its head', async () => {
    const road = await roadTo(['a']);
    road.send();
    road.forwarder.last.head(503);
    expect(road.breaker('a').told).toEqual(['failure soft']);
    road.forwarder.last.end();
    expect(road.breaker('a').told).toEqual(['failure soft']);
  });

  it('reaches the client where the other backend is busy', async () => {
    const road = await roadTo(['a', 'b'], { connections: { max: 1 } });
    road.send();
    road.send();
    road.forwarder.attempts[0]!.answer(503, 'down');
    expect(road.forwarder.asked).toEqual(['a', 'b']);
  });

  it('reaches the client where the status is none of those', async () => {
    const road = await roadTo();
    const { answer } = road.send();
    road.forwarder.last.answer(500, 'oops');
    expect([answer.told, road.forwarder.asked]).toEqual([['500', 'oops', 'end'], ['a']]);
  });
});

describe('retries', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('wait for a random part of a base that doubles', async () => {
    const road = await roadTo(['a', 'b', 'c'], { retries: { backoff: '100ms' } });
    road.chance = 0.5;
    road.send();
    road.forwarder.last.fail('RESET');
    vi.advanceTimersByTime(49);
    expect(road.forwarder.asked).toEqual(['a']);
    vi.advanceTimersByTime(1);
    expect(road.forwarder.asked).toEqual(['a', 'b']);
    road.forwarder.last.fail('RESET');
    vi.advanceTimersByTime(99);
    expect(road.forwarder.asked).toEqual(['a', 'b']);
    vi.advanceTimersByTime(1);
    expect(road.forwarder.asked).toEqual(['a', 'b', 'c']);
  });

  it('do not begin after the end of the patience of the client', async () => {
    const road = await roadTo(['a', 'b'], { retries: { backoff: '1s' }, timeouts: { response: '500ms' } });
    road.chance = 0.99;
    const request = road.send();
    road.forwarder.last.fail('RESET');
    expect([codeOf(request), road.forwarder.asked]).toEqual(['RESET', ['a']]);
  });

  it('have what is left of the time for all attempts', async () => {
    const road = await roadTo(['a', 'b'], { timeouts: { response: '10s', connect: '2s' } });
    road.send();
    expect(road.forwarder.last.request).toMatchObject({ responseTimeout: 10_000, connectTimeout: 0 });
    vi.advanceTimersByTime(9_000);
    road.forwarder.last.fail('RESET');
    expect(road.forwarder.last.request).toMatchObject({ responseTimeout: 1_000, connectTimeout: 1_000 });
  });

  it('have all the time of a first attempt where timeouts are tried again', async () => {
    const road = await roadTo(['a', 'b'], { timeouts: { response: '10s' }, retries: { on: ['timeout'] } });
    road.send();
    vi.advanceTimersByTime(10_000);
    road.forwarder.last.fail('HEAD_TIMEOUT');
    expect([road.forwarder.asked, road.forwarder.last.request.responseTimeout]).toEqual([['a', 'b'], 10_000]);
  });

  it('end with the budget, which a backend that was never reached does not draw on', async () => {
    const road = await roadTo(['a', 'b'], { retries: { budget: '0%', attempts: 1 } });
    const { budget } = road.target();
    while (budget.take(performance.now()));
    const unreached = road.send();
    road.forwarder.last.fail('CONNECT_FAILED');
    road.forwarder.last.answer();
    expect(unreached.answer.told[0]).toBe('200');
    const request = road.send();
    road.forwarder.last.fail('RESET');
    expect([codeOf(request), road.forwarder.asked]).toEqual(['RESET', ['a', 'b', 'a']]);
    expect(await road.counted()).toEqual({ retried: { 'app connect-failure': 1 }, withheld: { app: 1 } });
  });
});
