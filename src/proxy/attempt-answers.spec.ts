import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { settle } from '../../test/support/body-scene.js';
import { Reading } from '../../test/support/fake-message.js';
import { roadTo } from '../../test/support/road-scene.js';
import type { RequestBody } from './client/request-body.js';

const retries = { attempts: 0 };

describe('an answer', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('reaches the client with its fields, edited, its trailers and its time', async () => {
    const set = { 'X-Set': '1' };
    const others = { routes: [{ name: 'all', upstream: 'app', headers: { response: { set } } }] };
    const road = await roadTo(['a'], {}, others);
    const { answer, exchange } = road.send();
    vi.advanceTimersByTime(5);
    road.forwarder.last.sent();
    vi.advanceTimersByTime(7);
    road.forwarder.last.head(200, 'X-Own', 'a', 'Connection', 'close');
    road.forwarder.last.data('abc');
    road.forwarder.last.end('X-Sum', '1', 'Connection', 'x');
    expect([answer.field('x-own'), answer.field('x-set'), answer.field('connection')]).toEqual(['a', '1', undefined]);
    expect([answer.field('x-request-id'), answer.trailers]).toEqual([exchange.id, ['X-Sum', '1']]);
    expect([exchange.times.respondedAt - exchange.times.sentAt, exchange.bytesOut, exchange.status]).toEqual([
      7, 3, 200,
    ]);
  });

  it('with 204 has no Content-Length', async () => {
    const road = await roadTo(['a']);
    const { answer } = road.send();
    road.forwarder.last.head(204, 'Content-Length', '0');
    road.forwarder.last.end();
    expect([answer.told, answer.field('content-length')]).toEqual([['204', 'end'], undefined]);
  });

  it('has interim answers passed on, without a length', async () => {
    const road = await roadTo(['a']);
    const { answer } = road.send();
    road.forwarder.last.informational(103, 'Link', '</a>', 'Content-Length', '0');
    expect([answer.told, answer.headers]).toEqual([['(103)'], ['Link', '</a>']]);
  });

  it('is read no further while the client does not keep up, and on when it does', async () => {
    const road = await roadTo(['a']);
    const { answer } = road.send();
    road.forwarder.last.head(200);
    answer.flows = false;
    expect([road.forwarder.last.data('x'), road.gate('a').unread.size]).toEqual([false, 1]);
    answer.source!.resume();
    expect([road.forwarder.last.resumed, road.gate('a').unread.size]).toEqual([1, 0]);
    answer.flows = true;
    expect(road.forwarder.last.data('y')).toBe(true);
    road.forwarder.last.end();
    expect(answer.told).toEqual(['200', 'x', 'y', 'end']);
  });

  it('is read on into memory where too many clients are slow, and over for the gate with its end', async () => {
    const road = await roadTo(['a'], { connections: { max: 2, queue: 10, queueTimeout: '1m' } });
    for (let count = 0; count < 2; count++) {
      const { answer } = road.send();
      answer.flows = false;
      road.forwarder.last.head(200);
      expect(road.forwarder.last.data('x')).toBe(false);
    }
    expect(road.gate('a').unread.size).toBe(2);
    vi.advanceTimersByTime(1);
    const [first, second] = road.forwarder.attempts;
    expect([first!.resumed, second!.resumed, road.memory.answers.taken > 0]).toEqual([1, 0, true]);
    expect(first!.data('more')).toBe(true);
    first!.end();
    second!.fail('BODY_BROKEN');
    expect([road.gate('a').unread.size, road.inFlight]).toEqual([0, [0]]);
  });

  it('decides a trial with its head, and its end does not count twice', async () => {
    const circuitBreaker = { volumeThreshold: 1, errorThreshold: '1%', openFor: '1s' };
    const road = await roadTo(['a'], { retries, circuitBreaker });
    road.send();
    road.forwarder.last.fail('PROTOCOL');
    expect(road.breaker('a').state).toBe('open');
    vi.advanceTimersByTime(1_001);
    road.send();
    expect(road.breaker('a').state).toBe('half-open');
    road.forwarder.last.head(200);
    expect(road.breaker('a').state).toBe('closed');
    road.forwarder.last.end();
    expect(road.breaker('a').told).toEqual(['failure hard', 'begun success', 'success']);
  });

  it('carries a cookie of the balancer where sessions are sticky', async () => {
    const road = await roadTo(['a']);
    vi.spyOn(road.target().balancer, 'cookieFor').mockReturnValue('gw_app=1');
    const { answer } = road.send();
    road.forwarder.last.answer();
    expect(answer.field('set-cookie')).toBe('gw_app=1');
  });
});

describe('the body of a request', () => {
  const chunked = { method: 'PUT', fields: ['Transfer-Encoding', 'chunked'] };

  it('is read once its request is on a connection, and kept no longer than until the answer begins', async () => {
    const road = await roadTo(['a']);
    const { exchange, message } = road.send(chunked);
    const reading = new Reading(road.forwarder.last.request.body as RequestBody);
    message.arrive(Buffer.from('abc'));
    await settle();
    reading.pull();
    expect(reading.length).toBe(0);
    road.forwarder.last.sent();
    await settle();
    reading.pull();
    expect([reading.bytes.toString(), exchange.body!.replayable]).toEqual(['abc', true]);
    road.forwarder.last.head(200);
    expect(exchange.body!.replayable).toBe(false);
  });

  it('holds a place among those that are sending only until all of it has come', async () => {
    const road = await roadTo(['a']);
    const { message } = road.send(chunked);
    road.forwarder.last.sent();
    message.resume();
    expect(road.gate('a').sending).toBe(1);
    message.finish();
    await settle();
    expect([road.gate('a').sending, road.inFlight]).toEqual([0, [1]]);
    road.forwarder.last.answer();
    expect([road.gate('a').sending, road.inFlight]).toEqual([0, [0]]);
  });

  it('does not count for the time that the backend took', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const road = await roadTo(['a'], { circuitBreaker: { failOn: ['slow'], slowerThan: '1s' } });
      road.send(chunked);
      road.forwarder.last.sent();
      vi.advanceTimersByTime(5_000);
      road.forwarder.last.answer();
      expect(road.breaker('a').told).toEqual(['success']);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('an answer that is dropped', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  /** An attempt whose answer was not the client's, and another that is under way. */
  async function dropped() {
    const road = await roadTo(['a', 'b']);
    const request = road.send();
    road.forwarder.last.head(503);
    expect(road.forwarder.asked).toEqual(['a', 'b']);
    return { road, ...request, attempt: road.forwarder.attempts[0]! };
  }

  it('is read to its end, so that the connection is kept', async () => {
    const { attempt, answer } = await dropped();
    expect(attempt.data('down')).toBe(true);
    attempt.end();
    vi.advanceTimersByTime(1_000);
    expect([attempt.aborted, answer.told]).toEqual([0, []]);
  });

  it('is cut after 64 KiB, or 100 ms', async () => {
    const long = await dropped();
    long.attempt.data(Buffer.alloc(64 * 1024));
    expect(long.attempt.aborted).toBe(0);
    long.attempt.data('x');
    expect(long.attempt.aborted).toBe(1);
    const slow = await dropped();
    vi.advanceTimersByTime(99);
    expect(slow.attempt.aborted).toBe(0);
    vi.advanceTimersByTime(1);
    expect(slow.attempt.aborted).toBe(1);
  });

  it('that breaks counts no more, and no other backend is asked', async () => {
    const { road, attempt } = await dropped();
    attempt.fail('BODY_BROKEN');
    vi.advanceTimersByTime(1_000);
    expect([attempt.aborted, road.forwarder.asked, road.strategy.told]).toEqual([0, ['a', 'b'], ['a failure']]);
    expect([road.breaker('a').told, road.inFlight]).toEqual([['failure soft'], [0, 1]]);
  });

  it('is cut at once where it would read on the body that the next attempt needs', async () => {
    const road = await roadTo(['a', 'b']);
    const { message } = road.send({ method: 'PUT', fields: ['Transfer-Encoding', 'chunked'] });
    message.arrive(Buffer.from('x'));
    road.forwarder.last.head(503);
    expect([road.forwarder.asked, road.forwarder.attempts[0]!.aborted]).toEqual([['a', 'b'], 1]);
  });
});
