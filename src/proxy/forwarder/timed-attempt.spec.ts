import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backendAt, plainRequest, RecordedAttempt, upload } from '../../../test/support/forwarding.js';
import { PlayedForwarder } from '../../../test/support/played-forwarder.js';
import type { AttemptObserver, ForwardRequest, Forwarder } from './forwarder.js';
import { TimedForwarder } from './timed-forwarder.js';

beforeEach(() => vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
afterEach(() => vi.useRealTimers());

const limits = { connectTimeout: 100, responseTimeout: 200, idleTimeout: 300 };
const backend = backendAt('http://127.0.0.1:9');

function sendTo(fields: Partial<ForwardRequest> = {}) {
  const inner = new PlayedForwarder();
  const observer = new RecordedAttempt();
  const control = new TimedForwarder(inner, 150).forward({ ...plainRequest, ...limits, ...fields }, backend, observer);
  return { control, observer, played: inner.attempts[0]! };
}

/** A forwarder that does this with its observer. */
const doing = (act: (observer: AttemptObserver) => void): Forwarder => ({
  forward: (_, __, observer) => {
    act(observer);
    return { resume: () => {}, setIdleTimeout: () => {}, abort: () => {} };
  },
  connections: () => ({ active: 0, idle: 0, pending: 0 }),
  close: async () => {},
});

function told(act: (observer: AttemptObserver) => void): RecordedAttempt {
  const observer = new RecordedAttempt();
  new TimedForwarder(doing(act), 0).forward(plainRequest, backend, observer);
  return observer;
}

describe('an attempt of a forwarder of an application has so much time', () => {
  it('until its connection stands: what the request says, or else the upstream', () => {
    const { observer, played } = sendTo();
    vi.advanceTimersByTime(99);
    expect(observer.told).toEqual([]);
    vi.advanceTimersByTime(52);
    expect([observer.told, played.aborted]).toEqual([['CONNECT_TIMEOUT'], 1]);
    const other = sendTo({ connectTimeout: 0 });
    vi.advanceTimersByTime(140);
    expect(other.observer.told).toEqual([]);
    vi.advanceTimersByTime(61);
    expect(other.observer.error).toMatchObject({ code: 'CONNECT_TIMEOUT', reason: 'no connection in 150 ms' });
  });

  it('until the head is there, from the end of the request on', () => {
    const { observer, played } = sendTo();
    vi.advanceTimersByTime(90);
    played.sent();
    vi.advanceTimersByTime(190);
    expect(observer.told).toEqual(['sent']);
    vi.advanceTimersByTime(61);
    expect([observer.told, played.aborted]).toEqual([['sent', 'HEAD_TIMEOUT'], 1]);
  });

  it('until the head is there, from the end of a body that the client sends slowly', async () => {
    const { body, source } = upload();
    const { observer, played } = sendTo({ method: 'POST', body });
    played.sent();
    body.begin();
    body.resume();
    vi.advanceTimersByTime(1_000);
    expect(observer.told).toEqual(['sent']);
    source.finish();
    await vi.waitFor(() => expect(body.readableEnded).toBe(true));
    vi.advanceTimersByTime(260);
    expect(observer.told).toEqual(['sent', 'HEAD_TIMEOUT']);
  });

  it('between two pieces of the body, while the client takes them', () => {
    const { control, observer, played } = sendTo();
    played.head(200);
    for (const piece of ['a', 'b']) {
      vi.advanceTimersByTime(290);
      played.data(piece);
    }
    observer.wantsMore = false;
    played.data('c');
    vi.advanceTimersByTime(10_000);
    expect(observer.told).toEqual(['sent', 200]);
    control.resume();
    vi.advanceTimersByTime(360);
    expect([observer.told, played.aborted, played.resumed]).toEqual([['sent', 200, 'BODY_BROKEN'], 1, 1]);
  });

  it('that may change while it lasts, which the forwarder hears', () => {
    const { control, observer, played } = sendTo();
    played.head(200);
    control.setIdleTimeout(0);
    vi.advanceTimersByTime(10_000);
    played.end();
    expect([observer.told, played.idleTimeouts]).toEqual([['sent', 200, 'end'], [0]]);
  });

  it('and none once it is over, given up or a tunnel', () => {
    const [ended, left] = [sendTo(), sendTo()];
    ended.played.head(204);
    ended.played.end();
    left.control.abort();
    vi.advanceTimersByTime(10_000);
    expect([ended.observer.told, ended.played.aborted]).toEqual([['sent', 204, 'end'], 0]);
    expect([left.observer.told, left.played.aborted]).toEqual([[], 1]);
    left.played.head(200);
    expect(left.observer.told).toEqual([]);
  });
});

describe('a forwarder that does not keep its contract', () => {
  it.each<[string, (observer: AttemptObserver) => void, string]>([
    ['throws', () => { throw new Error('no tape'); }, 'the forwarder threw: no tape'], // prettier-ignore
    ['tells data before a head', each => each.data(Buffer.from('x')), 'the forwarder told data before a head'],
    ['tells the end before a head', each => each.end(undefined), 'the forwarder told the end before a head'],
  ])('costs its own attempt where it %s', (_, act, reason) => {
    expect(told(act).error).toMatchObject({ code: 'INTERNAL', reason });
  });

  it('cannot answer twice, nor by a head that is none', () => {
    const twice = told(observer => {
      observer.head(200, 'OK', []);
      observer.head(201, 'OK', []);
    });
    expect(twice.told).toEqual(['sent', 200, 'INTERNAL']);
    expect(told(observer => observer.head(42, '', [])).told).toEqual(['sent', 'PROTOCOL']);
  });

  it('is not heard after the end', () => {
    const observer = told(each => {
      each.head(200, 'OK', []);
      each.end(undefined);
      each.data(Buffer.from('x'));
      each.end(undefined);
      each.head(500, '', []);
    });
    expect([observer.told, observer.body]).toEqual([['sent', 200, 'end'], '']);
  });

  it('may tell the error of a socket as it is', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const observer = told(each => each.fail(refused as unknown as Parameters<AttemptObserver['fail']>[0]));
    expect(observer.error).toMatchObject({ code: 'CONNECT_FAILED' });
  });
});
