import { describe, expect, it } from 'vitest';
import { HeldEvent } from './held-event.js';

describe('an event that has come in part', () => {
  it('is what was added, in order, and is taken once', () => {
    const held = new HeldEvent();
    for (const piece of ['data', ': ', '1']) held.add(Buffer.from(piece));
    expect([held.length, held.take().toString()]).toEqual([7, 'data: 1']);
    expect([held.length, held.take().toString()]).toEqual([0, '']);
  });

  it('is the taker’s: what is held later does not change it', () => {
    const held = new HeldEvent();
    held.add(Buffer.from('abc'));
    const taken = held.take();
    held.add(Buffer.from('xyz'));
    expect([taken.toString(), held.take().toString()]).toEqual(['abc', 'xyz']);
  });

  it('is a copy: the piece may be written over', () => {
    const held = new HeldEvent();
    const piece = Buffer.from('abc');
    held.add(piece);
    piece.fill('-');
    expect(held.take().toString()).toBe('abc');
  });

  it('grows beyond its first buffer', () => {
    const held = new HeldEvent();
    const pieces = Array.from({ length: 50 }, (_, i) => Buffer.alloc(100, 97 + (i % 26)));
    for (const piece of pieces) held.add(piece);
    expect(held.take().equals(Buffer.concat(pieces))).toBe(true);
  });

  it('can be dropped', () => {
    const held = new HeldEvent();
    held.add(Buffer.from('abc'));
    held.clear();
    held.add(Buffer.from('d'));
    expect(held.take().toString()).toBe('d');
  });
});
