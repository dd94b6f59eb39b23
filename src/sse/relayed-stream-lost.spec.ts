import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventStream, lostStream, relayedStream, reset } from '../../test/support/relayed-scene.js';
import { GatewayError } from '../http/gateway-error.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('an event stream that has lost its backend', () => {
  it('waits, asks for what follows the last complete event, and goes on without the half one', () => {
    const { stream, exchange, responder, supply, told, send, rejoin } = lostStream();
    expect([stream.backend, supply.attempts, exchange.underWay]).toEqual([undefined, 0, expect.anything()]);
    vi.advanceTimersByTime(100);
    expect([supply.attempts, exchange.requestHeaders.get('Last-Event-ID')]).toEqual([1, '1']);
    const next = rejoin();
    expect(next.asked).toEqual(['outlast', 'idle timeout 0']);
    send('id: 2\ndata: y\n\n');
    expect(responder.text).toBe('id: 1\ndata: x\n\nid: 2\ndata: y\n\n');
    expect([stream.resumes, stream.backend?.id, told]).toEqual([1, 'b', ['resumed from a: reset by a']]);
  });

  it('takes nothing that its old backend still says', () => {
    const { stream, responder, send } = lostStream();
    expect(send('data: late\n\n')).toBe(true);
    stream.end(['x-sum', '1']);
    expect([responder.text, responder.ended]).toEqual(['id: 1\ndata: x\n\n', false]);
  });

  it('tells of the first loss, however many tries fail after it', () => {
    const { told, fail, rejoin } = lostStream();
    vi.advanceTimersByTime(100);
    fail(new GatewayError('CONNECT_FAILED', undefined, 'refused by b'));
    vi.advanceTimersByTime(200);
    rejoin();
    expect(told).toEqual(['resumed from a: reset by a']);
  });

  it('tells of the next loss anew', () => {
    const { told, send, fail, rejoin } = lostStream();
    vi.advanceTimersByTime(100);
    rejoin();
    send('data: y\n\n');
    fail(new GatewayError('RESET', undefined, 'reset by b'));
    vi.advanceTimersByTime(200);
    rejoin();
    expect(told).toEqual(['resumed from a: reset by a', 'resumed from b: reset by b']);
  });

  it('waits on while the retry budget has nothing left', () => {
    const { supply } = lostStream();
    supply.budget = false;
    vi.advanceTimersByTime(1_000);
    expect(supply.attempts).toBe(0);
    supply.budget = true;
    vi.advanceTimersByTime(100);
    expect(supply.attempts).toBe(1);
  });

  it('is not tried again while a try is under way', () => {
    const { stream, supply } = lostStream();
    vi.advanceTimersByTime(100);
    stream.retry();
    vi.advanceTimersByTime(60_000);
    expect(supply.attempts).toBe(1);
  });

  it('does not go on when it is given up while it waits', () => {
    const { exchange, supply } = lostStream();
    exchange.fail(new GatewayError('CLIENT_ABORTED'));
    vi.advanceTimersByTime(60_000);
    expect(supply.attempts).toBe(0);
  });

  it('fails after ten tries, and says what it was lost by', () => {
    const { exchange, told, fail, supply } = lostStream();
    for (let count = 0; count < 10; count++) {
      vi.advanceTimersByTime(5_000);
      fail(new GatewayError('CONNECT_FAILED'));
    }
    expect([supply.attempts, exchange.error?.code, exchange.error?.reason, told]).toEqual([
      10,
      'BODY_BROKEN',
      'not resumed (10 tries): reset by a',
      ['lost'],
    ]);
  });

  it('fails at once where it is no fault of the backend', () => {
    const { stream } = relayedStream({ resume: true });
    expect(stream.failed(new GatewayError('CLIENT_ABORTED'))).toBe(false);
  });

  it('fails where the client has a part of an event already', () => {
    const { exchange, send, fail, told } = relayedStream({ resume: true });
    send(`data: ${'x'.repeat(1024 * 1024)}`);
    fail(reset);
    expect([exchange.error?.code, told]).toEqual(['BODY_BROKEN', ['lost']]);
  });

  it('fails where its last id cannot be sent', () => {
    const { exchange, send, fail } = relayedStream({ resume: true });
    send('id: a\x01b\ndata: x\n\n');
    fail(reset);
    expect(exchange.error?.code).toBe('BODY_BROKEN');
  });

  it('sends no id where none was given, and takes it back where an empty one was', () => {
    const none = relayedStream({ resume: true });
    none.send('data: x\n\n');
    none.fail(reset);
    vi.advanceTimersByTime(100);
    expect(none.exchange.requestHeaders.has('Last-Event-ID')).toBe(false);
    const empty = relayedStream({ resume: true });
    empty.send('id: 1\n\nid\n\n');
    empty.fail(reset);
    vi.advanceTimersByTime(100);
    expect([...empty.exchange.requestHeaders]).toEqual([['Last-Event-ID', undefined]]);
  });

  it('ends where the other backend says that there is no more', () => {
    const { responder, rejoin } = lostStream();
    vi.advanceTimersByTime(100);
    expect(rejoin(204).asked).toEqual(['drop']);
    expect(responder.ended).toBe(true);
  });

  it.each([
    [500, eventStream],
    [200, ['Content-Type', 'text/html']],
    [200, [...eventStream, 'Content-Length', '10']],
  ])('does not go on with a %i whose fields are %j, and tries again', (status, fields) => {
    const { stream, exchange, supply, rejoin } = lostStream();
    vi.advanceTimersByTime(100);
    const next = rejoin(status, fields);
    expect([next.asked, next.error?.code]).toEqual([['decline'], 'PROTOCOL']);
    vi.advanceTimersByTime(200);
    expect([supply.attempts, stream.resumes, exchange.error]).toEqual([2, 0, undefined]);
  });

  it('forgets which backends have failed before once all have', () => {
    const { supply, fail, a, b } = relayedStream({ resume: true });
    supply.avoided = [a!, b!];
    fail(reset);
    expect(supply.avoided).toEqual([b]);
  });

  it('goes on after the loss of a stream that has lasted without asking the budget', () => {
    const { supply, fail } = relayedStream({ resume: true });
    supply.budget = false;
    vi.advanceTimersByTime(5_000);
    fail(reset);
    vi.advanceTimersByTime(100);
    expect(supply.attempts).toBe(1);
  });
});
