import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { lostStream, relayedStream, reset } from '../../test/support/relayed-scene.js';
import { GatewayError } from '../http/gateway-error.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('an event stream that a backend feeds', () => {
  it('passes on what comes, and counts it', () => {
    const { stream, responder, counts, send, first } = relayedStream();
    expect(first.asked).toEqual(['idle timeout 0']);
    send('data: 1\n\nda');
    send('ta: 2\n\n');
    expect([responder.text, stream.events, counts.events.pending]).toEqual(['data: 1\n\ndata: 2\n\n', 2, 2]);
  });

  it('ends with its backend, and passes on the trailer fields and what was held', () => {
    const { stream, responder, send } = relayedStream({ resume: true });
    send('data: 1');
    stream.end(['x-sum', '1']);
    expect([responder.text, responder.trailers]).toEqual(['data: 1', ['x-sum', '1']]);
    expect(stream.backend).toBeUndefined();
  });

  it('does nothing once it has ended', () => {
    const { stream, responder, exchange, supply, first, send, rejoin } = relayedStream({ resume: true, heartbeat: 10 });
    stream.end(undefined);
    const asked = [...first.asked];
    send('data: 1\n\n');
    stream.end(['x-sum', '1']);
    stream.retry();
    stream.drain();
    stream.reconsider();
    vi.advanceTimersByTime(100);
    stream.late();
    stream.resume();
    expect(rejoin().asked).toEqual(['drop']);
    expect(stream.failed(reset)).toBe(true);
    vi.advanceTimersByTime(60_000);
    expect([responder.text, responder.trailers, exchange.error, supply.attempts]).toEqual(['', 'none', undefined, 0]);
    expect(first.asked).toEqual(asked);
  });

  it('stops its backend while the client does not read, and reads on when it does', () => {
    const { stream, responder, send, first } = relayedStream();
    responder.flows = false;
    expect(send('data: 1\n\n')).toBe(false);
    responder.flows = true;
    responder.source!.resume();
    expect(first.asked).toEqual(['idle timeout 0', 'resume']);
    expect(send('data: 2\n\n')).toBe(true);
    stream.end(undefined);
  });

  it('ends while its client does not read, with all that was held', () => {
    const { stream, responder, send } = relayedStream({ resume: true });
    responder.flows = false;
    send('data: 1\n\ndata: 2');
    stream.end(undefined);
    expect([responder.text, responder.ended]).toEqual(['data: 1\n\ndata: 2', true]);
  });

  it('fails with its backend where it is not to be resumed', () => {
    const { stream, told, supply } = relayedStream();
    expect(stream.failed(reset)).toBe(false);
    vi.advanceTimersByTime(60_000);
    expect([told, supply.attempts]).toEqual([[], 0]);
  });

  it('is closed once, when its exchange is over', () => {
    const { stream, told } = relayedStream();
    stream.closed();
    expect(told).toEqual(['closed']);
  });
});

describe('an event stream on which nothing passes', () => {
  it('has a heartbeat between two events, and none within one', () => {
    const { stream, responder, send, counts } = relayedStream({ heartbeat: 100 });
    send('data: 1\n\n');
    vi.advanceTimersByTime(100);
    stream.late();
    expect(responder.text).toBe('data: 1\n\n:\n\n');
    send('data: 2');
    vi.advanceTimersByTime(100);
    stream.late();
    expect([responder.text, counts.heartbeats.pending]).toEqual(['data: 1\n\n:\n\ndata: 2', 1]);
  });

  it('has heartbeats while it waits for another backend', () => {
    const { stream, responder } = lostStream({ heartbeat: 100 });
    vi.advanceTimersByTime(100);
    stream.late();
    expect(responder.text).toBe('id: 1\ndata: x\n\n:\n\n');
  });

  it('has no heartbeat while its client does not read', () => {
    const { stream, responder, send } = relayedStream({ heartbeat: 100 });
    responder.flows = false;
    send('data: 1\n\n');
    vi.advanceTimersByTime(100);
    stream.late();
    expect(responder.text).toBe('data: 1\n\n');
  });

  it('breaks when its backend is silent for too long, and not because its client does not read', () => {
    const { stream, responder, exchange, first, send } = relayedStream({ idleTimeout: 100 });
    responder.flows = false;
    send('data: 1\n\n');
    vi.advanceTimersByTime(1_000);
    stream.late();
    expect(exchange.error).toBeUndefined();
    stream.resume();
    vi.advanceTimersByTime(99);
    stream.late();
    expect(exchange.error).toBeUndefined();
    vi.advanceTimersByTime(1);
    stream.late();
    expect([exchange.error?.code, first.asked.at(-1)]).toEqual(['BODY_BROKEN', 'break off']);
  });

  it('goes on at another backend when its own is silent, where it is to be resumed', () => {
    const { stream, exchange, supply } = relayedStream({ idleTimeout: 100, resume: true });
    vi.advanceTimersByTime(100);
    stream.late();
    vi.advanceTimersByTime(200);
    expect([exchange.error, supply.attempts]).toEqual([undefined, 1]);
  });

  it('is left alone once its exchange has failed', () => {
    const { stream, responder, exchange, first } = relayedStream({ heartbeat: 10, idleTimeout: 100 });
    exchange.fail(new GatewayError('CLIENT_ABORTED'));
    vi.advanceTimersByTime(100);
    stream.late();
    expect([responder.text, first.asked]).toEqual(['', ['idle timeout 0']]);
  });
});
