import { describe, expect, it } from 'vitest';
import { KeptBody } from './kept-body.js';

const bytes = (text: string): Buffer => Buffer.from(text);

describe('what is kept of a body', () => {
  it('is what was added, in order, and not whole before its end', () => {
    const kept = new KeptBody(10);
    expect([kept.all, kept.whole, kept.isGone]).toEqual([undefined, undefined, false]);
    kept.add(bytes('abc'));
    kept.add(bytes('def'));
    expect([kept.all?.toString(), kept.whole]).toEqual(['abcdef', undefined]);
    kept.complete();
    expect([kept.all?.toString(), kept.whole?.toString()]).toEqual(['abcdef', 'abcdef']);
  });

  it('is an empty buffer when the body ended without a byte', () => {
    const kept = new KeptBody(10);
    kept.complete();
    expect(kept.whole).toEqual(Buffer.alloc(0));
  });

  it('is the very buffer that came whole, and nothing is added to it', () => {
    const kept = new KeptBody(10);
    const whole = bytes('abc');
    kept.complete(whole);
    kept.add(bytes('def'));
    kept.complete(bytes('ghi'));
    expect(kept.whole).toBe(whole);
  });

  it('may be larger than what is held while nothing of it was sent', () => {
    const kept = new KeptBody(2);
    kept.add(bytes('abc'));
    expect([kept.all?.toString(), kept.isGone]).toEqual(['abc', false]);
  });

  it('is gone once one byte more than is held was sent', () => {
    const kept = new KeptBody(3);
    kept.sent(bytes('abc'), 3);
    expect([kept.all?.toString(), kept.isGone]).toEqual(['abc', false]);
    kept.sent(bytes('d'), 4);
    expect([kept.all, kept.isGone]).toEqual([undefined, true]);
  });

  it('is gone once all of it was sent, if that is more than is held', () => {
    const kept = new KeptBody(3);
    kept.complete(bytes('abcd'));
    kept.allSent(3);
    expect(kept.isGone).toBe(false);
    kept.allSent(4);
    expect([kept.isGone, kept.whole]).toEqual([true, undefined]);
  });

  it('does not come back when it is gone', () => {
    const kept = new KeptBody(10);
    kept.letGo();
    kept.add(bytes('a'));
    kept.sent(bytes('b'), 2);
    kept.complete(bytes('c'));
    kept.allSent(1);
    expect([kept.isGone, kept.all, kept.whole]).toEqual([true, undefined, undefined]);
  });
});
