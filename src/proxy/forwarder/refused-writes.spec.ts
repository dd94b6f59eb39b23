import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readBehindRefusedWrites, refusesWrites } from './refused-writes.js';

const broken = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });

/** A connection whose other side takes nothing any more, once told to. */
class Connection extends Duplex {
  takes = true;
  taken = '';
  error: Error | undefined;
  readonly over = new Promise<void>(resolve => this.once('close', resolve));

  constructor() {
    super();
    this.on('error', error => (this.error = error));
    readBehindRefusedWrites(this as unknown as Socket);
  }

  override _read(): void {}

  override _write(chunk: Buffer, _: BufferEncoding, callback: (error?: Error | null) => void): void {
    if (!this.takes) return callback(broken);
    this.taken += chunk.toString();
    callback();
  }
}

describe('a connection whose other side takes no more', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => vi.useRealTimers());

  it('is written as ever before that', () => {
    const connection = new Connection();
    connection.write('a');
    connection.write('b');
    expect([connection.taken, refusesWrites(connection)]).toEqual(['ab', false]);
  });

  it('is still read, and ends behind what the other side has said, with the error of the write', async () => {
    const connection = new Connection();
    connection.takes = false;
    connection.write('more');
    expect([refusesWrites(connection), connection.destroyed]).toEqual([true, false]);
    connection.push('an answer');
    connection.push(null);
    let heard = '';
    connection.on('data', (chunk: Buffer) => (heard += chunk.toString()));
    await connection.over;
    expect([heard, connection.error]).toEqual(['an answer', broken]);
  });

  it('takes no further piece meanwhile', () => {
    const connection = new Connection();
    connection.takes = false;
    connection.write('a');
    connection.takes = true;
    connection.write('b');
    expect(connection.taken).toBe('');
  });

  it('is closed when the other side says nothing for a second', async () => {
    const connection = new Connection();
    connection.takes = false;
    connection.write('more');
    vi.advanceTimersByTime(999);
    expect(connection.destroyed).toBe(false);
    vi.advanceTimersByTime(1);
    await connection.over;
    expect(connection.error).toBe(broken);
  });

  it('fails at once when its end was read before', async () => {
    const connection = new Connection();
    connection.push(null);
    connection.resume();
    await once(connection, 'end');
    connection.takes = false;
    connection.write('more');
    await connection.over;
    expect(connection.error).toBe(broken);
  });
});
