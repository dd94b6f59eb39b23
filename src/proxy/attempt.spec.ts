import { describe, expect, it, vi } from 'vitest';
import { roadTo, type OpenRequest, type Road } from '../../test/support/road-scene.js';

/** What everything that keeps count was told of the only attempt on `a`. */
async function settled(road: Road) {
  return {
    breaker: road.breaker('a').told,
    balancer: road.strategy.told,
    metrics: await road.endings(),
    inFlight: road.backend('a').inFlight,
  };
}

const retries = { attempts: 0 };
const succeeded = { breaker: ['success'], balancer: ['a success'], metrics: { 'app a success': 1 }, inFlight: 0 };
const failed = { breaker: ['failure hard'], balancer: ['a failure'], metrics: { 'app a failure': 1 }, inFlight: 0 };
const abandoned = { breaker: ['ignored'], balancer: ['a ignored'], metrics: { 'app a ignored': 1 }, inFlight: 0 };

describe('an attempt that has succeeded', () => {
  it('settles gate, breaker, balancer and metrics once, at the end of the answer', async () => {
    const road = await roadTo(['a'], { retries });
    const request = road.send();
    road.forwarder.last.head(200);
    road.forwarder.last.data('half');
    expect([road.breaker('a').told, road.strategy.told, road.backend('a').inFlight]).toEqual([[], [], 1]);
    road.forwarder.last.end();
    request.leave();
    expect(await settled(road)).toEqual(succeeded);
    expect(road.forwarder.last.aborted).toBe(0);
  });

  it('has answered with an error of its own, which counts as the rules of its breaker say', async () => {
    const all = [
      [404, 'success', 'a success'],
      [500, 'success', 'a failure'],
      [503, 'failure soft', 'a failure'],
    ] as const;
    for (const [status, breaker, balancer] of all) {
      const road = await roadTo(['a'], { retries });
      road.send();
      road.forwarder.last.answer(status);
      expect([road.breaker('a').told, road.strategy.told, road.inFlight]).toEqual([[breaker], [balancer], [0]]);
    }
  });

  it('is too slow for its breaker where the head took longer than slowerThan', async () => {
    vi.useFakeTimers();
    try {
      const circuitBreaker = { failOn: ['slow'], slowerThan: '1s' };
      const road = await roadTo(['a'], { retries, circuitBreaker });
      road.send();
      road.forwarder.last.sent();
      vi.advanceTimersByTime(1_001);
      road.forwarder.last.head(200);
      road.forwarder.last.end();
      expect(road.breaker('a').told).toEqual(['failure soft']);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('an attempt that has failed', () => {
  it('settles everything once, before another backend is asked', async () => {
    const road = await roadTo(['a', 'b']);
    const request = road.send();
    road.forwarder.last.fail('PROTOCOL');
    request.leave();
    expect(await settled(road)).toEqual(failed);
  });

  it('does so, too, where the answer has broken off', async () => {
    const road = await roadTo(['a'], { retries });
    const request = road.send();
    road.forwarder.last.head(200);
    road.forwarder.last.fail('BODY_BROKEN');
    request.leave();
    expect(await settled(road)).toEqual(failed);
    expect(request.answer.told).toEqual(['200', 'abort']);
  });

  it('is not held against its breaker where that does not count such errors', async () => {
    const road = await roadTo(['a'], { retries, circuitBreaker: { failOn: ['timeout'] } });
    road.send();
    road.forwarder.last.fail('RESET');
    expect([road.breaker('a').told, road.strategy.told]).toEqual([['ignored'], ['a failure']]);
  });

  it('is held against no backend where two backends end the exchange in the same way', async () => {
    const road = await roadTo(['a', 'b']);
    road.send();
    road.forwarder.last.fail('RESET');
    expect([road.breaker('a').told, road.forwarder.asked]).toEqual([[], ['a', 'b']]);
    road.forwarder.last.fail('RESET');
    expect([road.breaker('a').told, road.breaker('b').told]).toEqual([['ignored'], ['ignored']]);
  });

  it('is held against its backend where the next one answers', async () => {
    const road = await roadTo(['a', 'b']);
    road.send();
    road.forwarder.last.fail('RESET');
    road.forwarder.last.head(200);
    expect(road.breaker('a').told).toEqual(['failure hard']);
    road.forwarder.last.end();
    expect(road.breaker('b').told).toEqual(['success']);
  });

  it('is held against its backend at once where no other can be asked', async () => {
    const road = await roadTo(['a'], { retries });
    road.send();
    road.forwarder.last.fail('RESET');
    expect(await settled(road)).toEqual(failed);
  });
});

describe('an attempt that is abandoned', () => {
  const ends: readonly (readonly [name: string, end: (road: Road, request: OpenRequest) => void])[] = [
    ['by a client that leaves before the head', (_, request) => request.leave()],
    [
      'by a client that leaves within the body',
      (road, request) => {
        road.forwarder.last.head(200);
        request.leave();
      },
    ],
    ['on a stale connection', road => road.forwarder.last.fail('RESET', { stale: true })],
    ['by an error of the client', road => road.forwarder.last.fail('CLIENT_BODY')],
    ['by want of descriptors', road => road.forwarder.last.fail('EXHAUSTED')],
  ];

  it.each(ends)('%s says nothing of its backend, and settles everything once', async (_name, end) => {
    const road = await roadTo(['a', 'b'], { retries });
    const request = road.send();
    const [attempt] = road.forwarder.attempts;
    road.backend('b').veto('unhealthy');
    road.breaker('a').told.length = 0;
    end(road, request);
    if (road.forwarder.attempts.length > 1) road.forwarder.last.fail('CLIENT_BODY');
    request.leave();
    const { breaker, balancer, inFlight } = await settled(road);
    expect([new Set(breaker), new Set(balancer), inFlight]).toEqual([new Set(['ignored']), new Set(['a ignored']), 0]);
    expect(breaker.length).toBe(road.forwarder.attempts.length);
    expect(attempt!.aborted).toBeLessThan(2);
  });

  it('closes its connection where the client has left', async () => {
    const road = await roadTo(['a'], { retries });
    const { leave } = road.send();
    leave();
    expect([await settled(road), road.forwarder.last.aborted]).toEqual([abandoned, 1]);
  });

  it('is given up as soon as the forwarder gives the reins, where it ended before', async () => {
    const road = await roadTo(['a'], { retries });
    road.forwarder.atOnce = attempt => attempt.fail('CONNECT_FAILED');
    const { exchange } = road.send();
    expect([exchange.underWay, exchange.error?.code, await settled(road)]).toEqual([
      undefined,
      'CONNECT_FAILED',
      { ...failed },
    ]);
  });

  it('is none that has closed early on a body it did not want', async () => {
    const road = await roadTo(['a'], { retries });
    const { message } = road.send({ method: 'PUT', fields: ['Transfer-Encoding', 'chunked'] });
    message.arrive(Buffer.from('x'));
    road.forwarder.last.sent();
    road.forwarder.last.fail('RESET', { unsent: true });
    expect([road.breaker('a').told, road.strategy.told]).toEqual([['ignored'], ['a ignored']]);
  });
});
