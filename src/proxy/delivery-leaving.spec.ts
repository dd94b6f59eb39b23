import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { codeOf, roadTo, type OpenRequest, type Road } from '../../test/support/road-scene.js';

/** Brings an exchange to a moment of its delivery. */
type Moment = (road: Road) => OpenRequest;

const full = { connections: { max: 1, queue: 10, queueTimeout: '1s' } };

/** `asked`: the backends that were asked by then; `others`: places that other exchanges hold. */
const moments: readonly (readonly [name: string, asked: string[], others: number, moment: Moment])[] = [
  [
    'before the gate, while its body is awaited',
    [],
    0,
    road => road.send({ method: 'PUT', fields: ['Content-Length', '5'] }),
  ],
  [
    'in the queue before a backend',
    ['a'],
    1,
    road => {
      road.send();
      return road.send();
    },
  ],
  [
    'in the pause before a retry',
    ['a'],
    0,
    road => {
      road.chance = 0.5;
      const request = road.send();
      road.forwarder.last.fail('RESET');
      return request;
    },
  ],
  ['before the request is sent', ['a'], 0, road => road.send()],
  [
    'before the head of the answer',
    ['a'],
    0,
    road => {
      const request = road.send();
      road.forwarder.last.sent();
      return request;
    },
  ],
  [
    'within the body of the answer',
    ['a'],
    0,
    road => {
      const request = road.send();
      road.forwarder.last.head(200);
      road.forwarder.last.data('half');
      return request;
    },
  ],
];

describe('a client that goes away', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it.each(moments)('%s has nothing done for it any more', async (_name, asked, others, moment) => {
    const road = await roadTo(['a'], { ...full, retries: { backoff: '100ms', hedgeAfter: 'off' } });
    const request = moment(road);
    await new Promise<void>(resolve => process.nextTick(resolve));
    expect([road.forwarder.asked, request.exchange.error]).toEqual([asked, undefined]);
    request.leave();
    expect([codeOf(request), request.exchange.status, request.answer.told.at(-1)]).toEqual([
      'CLIENT_ABORTED',
      499,
      'abort',
    ]);
    expect([road.inFlight[0], road.gate('a').waiting, road.gate('a').sending]).toEqual([others, 0, 0]);
    vi.advanceTimersByTime(60_000);
    request.message.arrive(Buffer.from('12345'));
    request.message.finish();
    await new Promise<void>(resolve => process.nextTick(resolve));
    expect([road.forwarder.asked, request.answer.told.at(-1)]).toEqual([asked, 'abort']);
  });

  it('has its attempt aborted once, and counts against no backend', async () => {
    const road = await roadTo(['a']);
    const { leave } = road.send();
    road.forwarder.last.sent();
    leave();
    leave();
    expect([road.forwarder.last.aborted, road.breaker('a').told, road.strategy.told]).toEqual([
      1,
      ['ignored'],
      ['a ignored'],
    ]);
    expect(await road.endings()).toEqual({ 'app a ignored': 1 });
  });

  it('leaves the queue to those behind it', async () => {
    const road = await roadTo(['a'], full);
    road.send();
    const second = road.send();
    const third = road.send();
    second.leave();
    expect(road.gate('a').waiting).toBe(1);
    road.forwarder.attempts[0]!.answer();
    expect([road.forwarder.asked, third.exchange.attempts, second.exchange.attempts]).toEqual([['a', 'a'], 1, 0]);
  });

  it('has both attempts of a race given up, and the second never made where it leaves before', async () => {
    const road = await roadTo(['a', 'b'], { retries: { hedgeAfter: '50ms' } });
    const early = road.send();
    early.leave();
    vi.advanceTimersByTime(1_000);
    expect(road.forwarder.asked).toEqual(['a']);
    const late = road.send();
    vi.advanceTimersByTime(50);
    expect(road.forwarder.asked).toEqual(['a', 'a', 'b']);
    late.leave();
    expect(road.forwarder.attempts.map(({ aborted }) => aborted)).toEqual([1, 1, 1]);
    expect([road.inFlight, await road.endings()]).toEqual([[0, 0], { 'app a ignored': 2, 'app b ignored': 1 }]);
  });
});

describe('an exchange that waits before a backend', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('goes on when a place has come free', async () => {
    const road = await roadTo(['a'], full);
    road.send();
    const { answer, exchange } = road.send();
    expect([exchange.attempts, road.gate('a').waiting]).toEqual([0, 1]);
    road.forwarder.attempts[0]!.answer();
    road.forwarder.attempts[1]!.answer();
    expect([answer.told, road.inFlight, exchange.underWay]).toEqual([['200', 'ok', 'end'], [0], undefined]);
  });

  it('gets 503 with Retry-After when it has waited too long, or the queue is full', async () => {
    const road = await roadTo(['a'], { connections: { max: 1, queue: 1, queueTimeout: '1s' } });
    road.send();
    const waits = road.send();
    const turnedAway = road.send();
    expect([codeOf(turnedAway), turnedAway.answer.field('retry-after')]).toEqual(['QUEUE_FULL', '1']);
    vi.advanceTimersByTime(999);
    expect(codeOf(waits)).toBeUndefined();
    vi.advanceTimersByTime(1);
    expect([codeOf(waits), waits.answer.told[0], waits.exchange.underWay]).toEqual(['QUEUE_FULL', '503', undefined]);
    expect([road.inFlight, waits.exchange.attempts]).toEqual([[1], 0]);
  });

  it('goes to another backend when the one that it waits for is taken out', async () => {
    const road = await roadTo(['a', 'b'], full);
    road.send();
    road.send();
    const waits = road.send();
    expect(road.gate('a').waiting).toBe(1);
    road.backend('a').veto('unhealthy');
    expect([road.gate('a').waiting, road.gate('b').waiting]).toEqual([0, 1]);
    road.forwarder.attempts[1]!.answer();
    road.forwarder.attempts[2]!.answer();
    expect([road.forwarder.asked, waits.answer.told[0]]).toEqual([['a', 'b', 'b'], '200']);
  });

  it('does not wait at the same backend again when its place comes free and the breaker refuses it', async () => {
    const road = await roadTo(['a', 'b'], full);
    road.send();
    road.send();
    const waits = road.send();
    vi.spyOn(road.breaker('a'), 'tryEnter').mockReturnValue(0);
    road.forwarder.attempts[0]!.answer();
    expect([road.inFlight, road.gate('a').waiting, road.gate('b').waiting]).toEqual([[0, 1], 0, 1]);
    road.forwarder.attempts[1]!.answer();
    road.forwarder.last.answer();
    expect([waits.answer.told[0], road.forwarder.asked]).toEqual(['200', ['a', 'b', 'b']]);
  });

  it('is told that there is no backend where the circuit of the last one has begun its trial', async () => {
    const circuitBreaker = { volumeThreshold: 1, errorThreshold: '1%', openFor: '1s', window: '1s' };
    const road = await roadTo(['a', 'b'], { connections: { max: 2, queue: 10, queueTimeout: '1m' }, circuitBreaker });
    road.backend('b').veto('unhealthy');
    road.send();
    road.send();
    road.breaker('a').settle(road.breaker('a').tryEnter(), 'failure', 'hard');
    vi.advanceTimersByTime(1_001);
    expect([road.breaker('a').state, road.backend('a').inFlight]).toEqual(['half-open', 2]);
    const trial = road.send();
    const alone = road.send();
    expect(road.gate('a').waiting).toBe(2);
    road.forwarder.attempts[0]!.answer();
    expect([trial.exchange.attempts, alone.exchange.attempts]).toEqual([1, 0]);
    road.forwarder.attempts[1]!.answer();
    expect([codeOf(alone), road.inFlight, road.gate('a').waiting]).toEqual(['NO_BACKEND', [1, 0], 0]);
  });

  it('is passed by one that need not wait, at a backend with room', async () => {
    const road = await roadTo(['a', 'b'], full);
    road.send();
    road.send();
    expect([road.forwarder.asked, road.gate('a').waiting]).toEqual([['a', 'b'], 0]);
  });
});
