import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventStream, lostStream, relayedStream, reset, type StreamOptions } from '../../test/support/relayed-scene.js';
import type { FakeStreamExchange } from '../../test/support/stream-parts.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('an event stream while the gateway shuts down', () => {
  it('ends at once between two events', () => {
    const { stream, responder, send, first } = relayedStream();
    send('data: 1\n\n');
    stream.drain();
    expect([responder.ended, first.asked.at(-1)]).toEqual([true, 'leave']);
  });

  it('ends at the next boundary, and passes on nothing that follows it', () => {
    const { stream, responder, send } = relayedStream();
    send('data: 1');
    stream.drain();
    expect(responder.ended).toBe(false);
    send('\n');
    expect(responder.ended).toBe(false);
    send('\ndata: 2');
    expect([responder.text, responder.ended]).toEqual(['data: 1\n\n', true]);
  });

  it('goes on where the client would not come again, or its end is told otherwise', () => {
    for (const options of [
      { change: (exchange: FakeStreamExchange) => (exchange.wantsEvents = false) },
      { headers: [...eventStream, 'Content-Length', '100'] },
    ]) {
      const { stream, responder, send } = relayedStream(options as StreamOptions);
      stream.drain();
      send('data: 1\n\n');
      expect([responder.text, responder.ended]).toEqual(['data: 1\n\n', false]);
    }
  });

  it('ends instead of waiting for another backend', () => {
    const { stream, responder, supply } = lostStream();
    stream.drain();
    vi.advanceTimersByTime(60_000);
    expect([responder.ended, supply.attempts]).toEqual([true, 0]);
  });

  it('gives up a try that is under way', () => {
    const { stream, exchange, responder } = lostStream();
    vi.advanceTimersByTime(100);
    const giveUp = vi.fn<() => void>();
    exchange.underWay = { giveUp };
    stream.drain();
    expect([responder.ended, giveUp.mock.calls.length]).toEqual([true, 1]);
  });

  it('ends when its backend dies', () => {
    const { stream, responder, exchange, send, fail } = relayedStream({ resume: true });
    send('data: 1\n\ndata: 2');
    stream.drain();
    expect(responder.ended).toBe(true);
    const half = relayedStream();
    half.send('data: 1');
    half.stream.drain();
    half.fail(reset);
    expect([half.responder.ended, half.exchange.error?.code]).toEqual([false, 'RESET']);
    fail(reset);
    expect(exchange.error).toBeUndefined();
  });

  it('ends as soon as it begins on a listener that drains', () => {
    const { responder } = relayedStream({ change: exchange => (exchange.listenerInfo.draining = true) });
    expect(responder.ended).toBe(true);
  });
});

describe('an event stream whose backend drains', () => {
  it('goes on at another one at once, behind the last event', () => {
    const { stream, responder, supply, told, first, send, rejoin, a } = relayedStream({ resume: true });
    send('id: 1\ndata: x\n\n');
    a!.veto('draining');
    stream.reconsider();
    expect([first.asked.at(-1), supply.attempts, supply.avoided]).toEqual(['leave', 1, [a]]);
    rejoin();
    expect([told, responder.ended]).toEqual([['resumed from a: the backend is draining'], false]);
  });

  it('leaves it at the next boundary when an event is under way', () => {
    const { stream, responder, supply, send, a } = relayedStream({ resume: true });
    send('id: 1\ndata: x');
    a!.veto('draining');
    stream.reconsider();
    expect(supply.attempts).toBe(0);
    send('\n\ndata: half');
    expect([responder.text, supply.attempts]).toEqual(['id: 1\ndata: x\n\n', 1]);
  });

  it('stays when the backend drains no more before the boundary has come', () => {
    const { stream, supply, send, first, a } = relayedStream({ resume: true });
    send('data: x');
    a!.veto('draining');
    stream.reconsider();
    a!.lift('draining');
    send('\n\n');
    expect([supply.attempts, first.asked.includes('leave')]).toEqual([0, false]);
  });

  it('stays while there is no other backend', () => {
    const { stream, supply, first, a } = relayedStream({ resume: true, backends: ['a'] });
    a!.veto('draining');
    stream.reconsider();
    expect([supply.attempts, first.asked.includes('leave')]).toEqual([0, false]);
  });

  it('ends where it cannot be resumed but the client comes again, and goes on otherwise', () => {
    const again = relayedStream();
    again.a!.veto('draining');
    again.stream.reconsider();
    expect([again.responder.ended, again.first.asked.at(-1)]).toEqual([true, 'leave']);
    const once = relayedStream({ change: exchange => (exchange.wantsEvents = false) });
    once.a!.veto('draining');
    once.stream.reconsider();
    expect(once.responder.ended).toBe(false);
  });

  it('does not leave twice when its leaving changes the backends', () => {
    const { stream, supply, first, a } = relayedStream({ resume: true });
    a!.veto('draining');
    first.leave = () => {
      first.asked.push('leave');
      stream.reconsider();
    };
    stream.reconsider();
    expect([supply.attempts, first.asked.filter(what => what === 'leave').length]).toEqual([1, 1]);
  });
});
