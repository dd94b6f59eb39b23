import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Road, codeOf, roadTo, type OpenRequest } from '../../test/support/road-scene.js';

const response = { status: 200, body: 'later', headers: { 'X-Kept': 'yes' } };

/** A road to `app`, of backend `a`, whose fallback is the upstream `spare` of backend `s`. */
function withSpare(upstream: object = {}, spare: object = {}): Promise<Road> {
  const at = (id: string) => [{ id, url: `http://${id}.test` }];
  const retries = { attempts: 0, backoff: 0 };
  return Road.build({
    upstreams: {
      app: { backends: at('a'), fallback: { upstream: 'spare' }, retries, ...upstream },
      spare: { backends: at('s'), retries, ...spare },
    },
    routes: [{ name: 'all', upstream: 'app' }],
  });
}

describe('a fallback', () => {
  it('answers for an upstream without a backend, a failed one and a busy one, and says so', async () => {
    const outages: ((road: Road) => OpenRequest)[] = [
      road => {
        road.backend('a').veto('unhealthy');
        return road.send();
      },
      road => {
        const request = road.send();
        road.forwarder.last.fail('CONNECT_FAILED');
        return request;
      },
      road => {
        const request = road.send();
        road.forwarder.last.fail('HEAD_TIMEOUT');
        return request;
      },
      road => {
        road.send();
        return road.send();
      },
    ];
    const codes = ['NO_BACKEND', 'CONNECT_FAILED', 'HEAD_TIMEOUT', 'QUEUE_FULL'];
    for (const [index, outage] of outages.entries()) {
      const limits = { retries: { attempts: 0 }, connections: { max: 1, queue: 0 } };
      const road = await roadTo(['a'], { fallback: response, ...limits });
      const request = outage(road);
      expect([request.answer.told, request.answer.field('x-gateway-error')]).toEqual([
        ['200', 'later', 'end'],
        codes[index],
      ]);
      expect([codeOf(request), await road.counted()]).toEqual([codes[index], { fellBack: { app: 1 } }]);
    }
  });

  it('has what the route does to fields of responses done to it', async () => {
    const others = { routes: [{ name: 'all', upstream: 'app', headers: { response: { set: { 'X-Set': '1' } } } }] };
    const road = await roadTo(['a'], { fallback: response }, others);
    road.backend('a').veto('unhealthy');
    const { answer } = road.send();
    expect([answer.field('x-set'), answer.field('x-kept')]).toEqual(['1', 'yes']);
  });

  it('does not stand in for what is no outage, nor for what a backend itself has answered', async () => {
    const road = await roadTo(['a'], { fallback: response, retries: { attempts: 0 } });
    const failed = road.send();
    road.forwarder.last.fail('BODY_TOO_LARGE');
    expect(failed.answer.told[0]).toBe('413');
    const answered = road.send();
    road.forwarder.last.answer(503, 'mine');
    expect([answered.answer.told, await road.counted()]).toEqual([['503', 'mine', 'end'], {}]);
  });

  it('may be another upstream, which has the exchange, and the time, as a first one', async () => {
    vi.useFakeTimers();
    try {
      const road = await withSpare({}, { timeouts: { response: '7s' }, retries: { attempts: 1, backoff: 0 } });
      const { answer, exchange } = road.send();
      vi.advanceTimersByTime(20_000);
      road.forwarder.last.fail('CONNECT_FAILED');
      expect([road.forwarder.asked, exchange.upstreamName]).toEqual([['a', 's'], 'spare']);
      expect(road.forwarder.last.request.responseTimeout).toBe(7_000);
      vi.advanceTimersByTime(1_000);
      road.forwarder.last.fail('CONNECT_FAILED');
      expect(road.forwarder.last.request.responseTimeout).toBe(6_000);
      road.forwarder.last.answer();
      expect([answer.told, exchange.backendId, await road.counted()]).toEqual([
        ['200', 'ok', 'end'],
        's',
        { fellBack: { app: 1 }, retried: { 'spare connect-failure': 1 } },
      ]);
      expect(road.inFlight).toEqual([0, 0]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('has tries of its own, and no fallback of its own', async () => {
    const retries = { attempts: 1, backoff: 0 };
    const road = await withSpare({}, { retries, fallback: response });
    const request = road.send();
    for (let count = 0; count < 3; count++) road.forwarder.last.fail('CONNECT_FAILED');
    expect([road.forwarder.asked, codeOf(request), request.answer.told[0]]).toEqual([
      ['a', 's', 's'],
      'CONNECT_FAILED',
      '502',
    ]);
  });

  it('is no other upstream for what a backend may have acted on', async () => {
    const road = await withSpare();
    const acted = road.send({ method: 'POST' });
    road.forwarder.last.fail('RESET');
    expect([codeOf(acted), road.forwarder.asked]).toEqual(['RESET', ['a']]);
    road.send({ method: 'POST' });
    road.forwarder.last.fail('CONNECT_FAILED');
    expect(road.forwarder.asked).toEqual(['a', 'a', 's']);
  });

  it('leaves the backend that is in doubt to blame', async () => {
    const backends = ['a', 'b'].map(id => ({ id, url: `http://${id}.test` }));
    const road = await withSpare({ backends, retries: { attempts: 1, budget: '0%' } });
    while (road.target().budget.take(performance.now()));
    road.send();
    road.forwarder.last.fail('RESET');
    expect([road.breaker('a').told, road.forwarder.asked]).toEqual([['failure hard'], ['a', 's']]);
  });
});

describe('an event stream', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  /** An exchange whose stream has lost its backend, `a`. */
  async function lost(upstream: object = {}, survives = true, ids = ['a', 'b']) {
    const road = await roadTo(ids, { timeouts: { response: '10s' }, ...upstream });
    const request = road.send();
    road.forwarder.last.head(200, 'Content-Type', 'text/event-stream');
    const [stream] = road.streams.opened;
    stream!.survives = survives;
    road.forwarder.last.fail('BODY_BROKEN');
    return { ...request, road, stream: stream!, supply: stream!.supply };
  }

  it('is told what its backend has failed with, and nothing else is done where it goes on by itself', async () => {
    const { road, stream, exchange } = await lost();
    expect([stream.told, exchange.error, road.forwarder.asked]).toEqual([['BODY_BROKEN'], undefined, ['a']]);
    expect(road.inFlight).toEqual([0, 0]);
  });

  it('is cut where it does not', async () => {
    const request = await lost({}, false);
    expect([codeOf(request), request.answer.told]).toEqual(['BODY_BROKEN', ['200', 'abort']]);
  });

  it('goes on at another backend, with all the time of a first attempt and without a hedge', async () => {
    const { road, stream, supply, answer, exchange } = await lost({ retries: { hedgeAfter: '50ms' } });
    const { sentAt } = exchange.times;
    vi.advanceTimersByTime(60_000);
    supply.next();
    expect([road.forwarder.asked, road.forwarder.last.request.responseTimeout]).toEqual([['a', 'b'], 10_000]);
    road.forwarder.last.head(200, 'Content-Type', 'text/event-stream');
    road.forwarder.last.data('more');
    road.forwarder.last.end();
    expect([stream.told, answer.told]).toEqual([['BODY_BROKEN', 'rejoin 200', 'more', 'end'], ['200']]);
    expect([exchange.times.sentAt, exchange.backendId]).toEqual([sentAt, 'b']);
    expect(road.inFlight).toEqual([0, 0]);
  });

  it('is told when no backend is left, and gets no fallback', async () => {
    const { road, stream, supply, exchange, answer } = await lost({ fallback: response });
    for (const backend of road.target().upstream.backends) backend.veto('unhealthy');
    supply.next();
    expect([stream.told, exchange.error, answer.told]).toEqual([['BODY_BROKEN', 'NO_BACKEND'], undefined, ['200']]);
  });

  it('is told when no place has come free, and the busy backend is avoided', async () => {
    const { road, stream, supply } = await lost({ connections: { max: 1, queue: 0 } });
    road.send();
    road.send();
    expect(road.forwarder.asked).toEqual(['a', 'a', 'b']);
    supply.next();
    expect(stream.told).toEqual(['BODY_BROKEN', 'QUEUE_FULL']);
    road.forwarder.last.answer();
    expect([road.gate('b').hasRoom, supply.exhausted]).toEqual([true, true]);
  });

  it('says which backends are to be avoided, and when that makes no difference any more', async () => {
    const { road, supply } = await lost();
    const [a, b] = road.target().upstream.backends;
    expect([supply.exhausted, supply.upstream]).toEqual([false, road.target().upstream]);
    supply.avoid(b!);
    expect(supply.exhausted).toBe(true);
    supply.avoidOnlyLast();
    supply.next();
    expect([supply.exhausted, road.forwarder.last.backend]).toEqual([false, a!.id]);
  });

  it('cannot go on where the body of its request was let go', async () => {
    const road = await roadTo(['a', 'b']);
    const request = road.send({ method: 'PUT', fields: ['Transfer-Encoding', 'chunked'] });
    road.forwarder.last.head(200, 'Content-Type', 'text/event-stream');
    road.streams.opened[0]!.supply.next();
    expect([codeOf(request), road.forwarder.asked]).toEqual(['INTERNAL', ['a']]);
  });

  it('has each backend blamed that it is lost by: its tries are not compared', async () => {
    const { road, supply } = await lost({}, true, ['a', 'b', 'c']);
    for (const id of ['b', 'c']) {
      supply.next();
      road.forwarder.last.fail('RESET');
      expect(road.breaker(id).told).toEqual(['failure hard']);
    }
  });

  it('draws on the retry budget', async () => {
    const { road, supply } = await lost({ retries: { budget: '0%' } });
    let tries = 0;
    while (supply.mayRetry()) tries++;
    expect([tries > 0, road.target().budget.take(performance.now())]).toEqual([true, false]);
    expect(await road.counted()).toEqual({ withheld: { app: 1 } });
  });
});
