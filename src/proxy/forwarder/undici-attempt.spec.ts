import net from 'node:net';
import type { Dispatcher } from 'undici';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { plainRequest, RecordedAttempt, upload } from '../../../test/support/forwarding.js';
import { Deadlines } from './deadlines.js';
import type { ForwardRequest } from './forwarder.js';
import type { ConnectionState } from './pooled-client.js';
import { UndiciAttempt } from './undici-attempt.js';

/** What undici gives an attempt to steer it by. */
class Controller implements Dispatcher.DispatchController {
  readonly calls: string[] = [];
  aborted = false;
  paused = false;
  reason: Error | null = null;
  rawHeaders: Buffer[] = [];
  rawTrailers: Buffer[] = [];

  abort(): void {
    this.aborted = true;
    this.calls.push('abort');
  }

  pause(): void {
    this.calls.push('pause');
  }

  resume(): void {
    this.calls.push('resume');
  }
}

/** The socket of a connection, with what an attempt reads of it. */
class Connected extends net.Socket {
  readonly shown: { bytesRead: number; errored: Error | null } = { bytesRead: 0, errored: null };

  constructor() {
    super();
    Object.defineProperty(this, 'bytesRead', { get: () => this.shown.bytesRead });
    Object.defineProperty(this, 'errored', { get: () => this.shown.errored });
  }
}

const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

function begin(change: Partial<ForwardRequest> = {}, served = 0) {
  const observer = new RecordedAttempt();
  const attempt = new UndiciAttempt({ ...plainRequest, ...change }, observer, new Deadlines(10));
  const controller = new Controller();
  const socket = new Connected();
  const connection: ConnectionState = { served, socket };
  /** Has the whole request written. */
  const send = (): void => {
    attempt.connection = connection;
    attempt.onRequestStart(controller);
    attempt.onRequestSent();
  };
  return { observer, attempt, controller, socket, connection, send };
}

describe('an attempt that undici carries', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('tells of an answer from its head to its end', () => {
    const { observer, attempt, controller, connection, send } = begin();
    send();
    attempt.onResponseStart(controller, 103, {});
    attempt.onResponseStart(controller, 200, { 'content-length': '2' }, 'OK');
    attempt.onResponseData(controller, Buffer.from('ok'));
    attempt.onResponseEnd(controller);
    expect(observer.told).toEqual(['sent', 103, 200, 'end']);
    expect([observer.body, connection.served, controller.calls]).toEqual(['ok', 1, []]);
  });

  it.each([
    [101, {}, 'status 101'],
    [200, { 'content-length': '2', 'transfer-encoding': 'chunked' }, 'both'],
    [200, { 'transfer-encoding': 'gzip' }, 'not chunked'],
  ])('refuses a head with status %d and %j', (status, fields, reason) => {
    const { observer, attempt, controller, send } = begin();
    send();
    attempt.onResponseStart(controller, status, fields);
    expect(observer.told).toEqual(['sent', 'PROTOCOL']);
    expect(observer.error!.reason).toContain(reason);
    expect(controller.calls).toEqual(['abort']);
  });

  it('refuses an upgrade', () => {
    const { observer, attempt, send } = begin();
    send();
    attempt.onRequestUpgrade();
    expect(observer.told).toEqual(['sent', 'PROTOCOL']);
  });

  it('tells nothing more once it was given up, and is not sent when that comes before', () => {
    const { observer, attempt, controller, send } = begin({ connectTimeout: 50, responseTimeout: 50 });
    attempt.abort();
    send();
    attempt.onResponseError(controller, reset);
    vi.advanceTimersByTime(500);
    expect([observer.told, controller.calls]).toEqual([[], ['abort']]);
  });

  it.each([
    [0, true, true],
    [5, true, false],
    [0, false, false],
  ])('is stale when the connection brought nothing new (%d bytes) and was reused (%s): %s', (bytes, reused, stale) => {
    const { observer, attempt, controller, socket, send } = begin({}, reused ? 1 : 0);
    send();
    socket.shown.bytesRead = bytes;
    attempt.onResponseError(controller, reset);
    expect([observer.told, observer.stale]).toEqual([['sent', 'RESET'], stale]);
  });

  it.each([true, false])('knows whether all of the body had been written when the connection ended: %s', isSent => {
    const { observer, attempt, controller, connection } = begin({ body: upload('5').body });
    attempt.connection = connection;
    attempt.onRequestStart(controller);
    if (isSent) attempt.onRequestSent();
    attempt.onResponseError(controller, reset);
    expect([observer.told, observer.unsent]).toEqual([['sent', 'RESET'], !isSent]);
  });

  it('takes a reset for no end of a body that the connection ends', () => {
    const { observer, attempt, controller, socket, send } = begin();
    send();
    attempt.onResponseStart(controller, 200, {});
    socket.shown.errored = reset;
    attempt.onResponseEnd(controller);
    expect(observer.told).toEqual(['sent', 200, 'BODY_BROKEN']);
  });

  it('closes a connection that may be let in as its client', () => {
    const { attempt, controller, socket, send } = begin();
    send();
    attempt.onResponseStart(controller, 401, { 'www-authenticate': 'NTLM', 'content-length': '0' });
    attempt.onResponseEnd(controller);
    expect(socket.destroyed).toBe(true);
  });

  describe('in time', () => {
    it('waits for a connection as long as the request may', () => {
      const { observer } = begin({ connectTimeout: 50 });
      vi.advanceTimersByTime(40);
      expect(observer.told).toEqual([]);
      vi.advanceTimersByTime(30);
      expect(observer.error).toMatchObject({ code: 'CONNECT_TIMEOUT', reason: 'no connection in 50 ms' });
    });

    it('waits for the connection no longer once the request is on one', () => {
      const { observer, attempt, controller } = begin({ connectTimeout: 50 });
      attempt.onRequestStart(controller);
      vi.advanceTimersByTime(500);
      expect(observer.told).toEqual(['sent']);
    });

    it('waits for the head from the end of the request on', () => {
      const { observer, attempt, controller, connection } = begin({ responseTimeout: 50 });
      attempt.connection = connection;
      attempt.onRequestStart(controller);
      vi.advanceTimersByTime(500);
      expect(observer.told).toEqual(['sent']);
      attempt.onRequestSent();
      vi.advanceTimersByTime(70);
      expect(observer.error).toMatchObject({ code: 'HEAD_TIMEOUT', reason: 'no response head in 50 ms' });
      expect(controller.calls).toEqual(['abort']);
    });

    it('waits for each piece of the body anew', () => {
      const { observer, attempt, controller, send } = begin({ idleTimeout: 50 });
      send();
      attempt.onResponseStart(controller, 200, {});
      for (let count = 0; count < 5; count++) {
        vi.advanceTimersByTime(40);
        attempt.onResponseData(controller, Buffer.from('a'));
      }
      expect(observer.told).toEqual(['sent', 200]);
      vi.advanceTimersByTime(70);
      expect(observer.error).toMatchObject({ code: 'BODY_BROKEN', reason: 'timeouts.idle: nothing for 50 ms' });
    });

    it('does not count the time in which the client does not read', () => {
      const { observer, attempt, controller, send } = begin({ idleTimeout: 50 });
      send();
      attempt.onResponseStart(controller, 200, {});
      observer.wantsMore = false;
      attempt.onResponseData(controller, Buffer.from('a'));
      vi.advanceTimersByTime(500);
      expect([observer.told, controller.calls]).toEqual([['sent', 200], ['pause']]);
      attempt.resume();
      expect(controller.calls).toEqual(['pause', 'resume']);
      vi.advanceTimersByTime(70);
      expect(observer.told.at(-1)).toBe('BODY_BROKEN');
    });

    it('obeys another limit that is set while the body comes', () => {
      const { observer, attempt, controller, send } = begin({ idleTimeout: 50 });
      send();
      attempt.onResponseStart(controller, 200, {});
      attempt.setIdleTimeout(0);
      vi.advanceTimersByTime(500);
      attempt.onResponseData(controller, Buffer.from('a'));
      vi.advanceTimersByTime(500);
      expect(observer.told).toEqual(['sent', 200]);
    });
  });
});
