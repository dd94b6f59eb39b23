import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { OpenFiles, openFilesLimit } from './open-files.js';

describe('the descriptors of a process', () => {
  it('are shared by clients and backends half and half, beside some for the admin side and the rest', () => {
    expect([new OpenFiles(1_024).share, new OpenFiles(1_024).admin]).toEqual([450, 60]);
    expect([new OpenFiles(128).share, new OpenFiles(128).admin]).toEqual([30, 4]);
    expect([new OpenFiles(1_048_576).share, new OpenFiles(1_048_576).admin]).toEqual([524_128, 256]);
    expect([new OpenFiles(20).share, new OpenFiles(20).admin]).toEqual([1, 4]);
  });

  it('set no limit where the system tells none', () => {
    const files = new OpenFiles(openFilesLimit(() => ''));
    expect([files.share, files.admin, files.take('clients')]).toEqual([Infinity, 256, true]);
    expect(openFilesLimit(() => 'Max open files            unlimited            unlimited     files\n')).toBe(Infinity);
    expect(openFilesLimit(() => 'Limit\nMax open files            1024                 4096       files\n')).toBe(
      1_024,
    );
  });

  it('are refused to clients when all listeners together have their half, and left to backends', () => {
    const files = new OpenFiles(128);
    const taken = Array.from({ length: 40 }, () => files.take('clients'));
    expect(taken.filter(Boolean)).toHaveLength(30);
    expect(files.take('backends')).toBe(true);
    files.give('clients');
    expect([files.take('clients'), files.take('clients')]).toEqual([true, false]);
  });

  it('are given back when a connection closes, once', () => {
    const files = new OpenFiles(70);
    const socket = new EventEmitter();
    expect(files.take('clients')).toBe(true);
    files.giveWhenClosed('clients', socket as Duplex);
    expect(files.take('clients')).toBe(false);
    socket.emit('close');
    socket.emit('close');
    expect([files.take('clients'), files.take('clients')]).toEqual([true, false]);
  });

  it('have run out when the system says so of a connection, even if none was counted', () => {
    const files = new OpenFiles(1_024);
    let began = 0;
    files.shortage.watch({ began: () => began++, ended: () => undefined });
    const [refused, short] = [new EventEmitter(), new EventEmitter()];
    for (const socket of [refused, short]) files.giveWhenClosed('backends', socket as Duplex);
    refused.emit('error', Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
    expect(began).toBe(0);
    short.emit('error', Object.assign(new Error('connect EMFILE'), { code: 'EMFILE' }));
    expect(began).toBe(1);
  });

  it('are shared by several threads that count together, with a reserve for each of them', () => {
    const counts = countsOf();
    const [one, two] = [new OpenFiles(256), new OpenFiles(256)];
    const alone = one.share;
    const ends = [one, two].map(files => files.countWith(counts, 4));
    expect([one.share, two.share]).toEqual([alone - 24, alone - 24]);
    const taken = Array.from({ length: 2 * one.share }, (_, index) => (index % 2 === 0 ? one : two).take('clients'));
    expect(taken.filter(Boolean)).toHaveLength(one.share);
    expect(two.take('backends')).toBe(true);
    one.give('clients');
    expect([one.take('clients'), two.take('clients')]).toEqual([true, false]);
    // What was counted together is given back there, also behind the end.
    ends.forEach(end => end());
    for (let i = 0; i < alone - 24; i++) (i % 2 === 0 ? two : one).give('clients');
    expect([one.share, counts.open('clients')]).toEqual([alone, 0]);
    expect(Array.from({ length: alone + 1 }, () => one.take('clients')).filter(Boolean)).toHaveLength(alone);
  });
});

/** Counts as threads share them. */
function countsOf() {
  const all = new Map<string, number>();
  const open = (key: string): number => all.get(key) ?? 0;
  return {
    open,
    enter: (key: string, limit: number): number => {
      if (open(key) >= limit) return -1;
      all.set(key, open(key) + 1);
      return key === 'clients' ? 0 : 1;
    },
    leave: (entered: number): void => {
      const key = entered === 0 ? 'clients' : 'backends';
      all.set(key, open(key) - 1);
    },
  };
}
