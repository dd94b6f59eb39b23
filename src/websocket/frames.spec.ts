import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../../test/support/any-text.js';
import { receive } from '../../test/support/frame-bytes.js';
import { FrameObserver } from './frame-observer.js';
import { closeFrame, pingFrame } from './frames.js';

describe('closeFrame', () => {
  it('has the bytes that RFC 6455 specifies', () => {
    expect(closeFrame(1001, 'bye', false)).toEqual(Buffer.from([0x88, 5, 0x03, 0xe9, 0x62, 0x79, 0x65]));
  });

  it('arrives with its code and reason, masked or not', () => {
    fc.assert(
      fc.property(fc.constantFrom(1000, 1009, 1014, 3000, 4999), fc.string(), fc.boolean(), (code, reason, masked) => {
        const bytes = closeFrame(code, reason, masked);
        expect(receive(bytes, masked).close).toEqual({ code, reason });
        const observer = new FrameObserver({ masked, maxFrame: 125 });
        observer.read(bytes);
        expect(observer).toMatchObject({ closeCode: code, closed: true });
      }),
    );
  });

  it('cuts a long reason between two characters', () => {
    fc.assert(
      fc.property(anyText({ minLength: 30, maxLength: 140 }), fc.boolean(), (reason, masked) => {
        const bytes = closeFrame(1002, reason, masked);
        const arrived = receive(bytes, masked).close?.reason ?? '';
        expect(bytes.length).toBeLessThanOrEqual((masked ? 6 : 2) + 125);
        expect(reason.startsWith(arrived)).toBe(true);
        const next = String.fromCodePoint(reason.codePointAt(arrived.length) ?? 0);
        // Node's encoder may leave up to three bytes unused although a shorter character would fit.
        if (arrived !== reason) expect(Buffer.byteLength(arrived + next)).toBeGreaterThan(120);
      }),
    );
    expect(receive(closeFrame(1002, `${'a'.repeat(122)}é`, false), false).close?.reason).toBe('a'.repeat(122));
    expect(receive(closeFrame(1002, `${'a'.repeat(121)}é`, false), false).close?.reason).toBe(`${'a'.repeat(121)}é`);
  });

  it('has no code on the wire for 1005', () => {
    expect(closeFrame(1005, 'unheard', false)).toEqual(Buffer.from([0x88, 0]));
    expect(receive(closeFrame(1005, '', true), true).close).toEqual({ code: 1005, reason: '' });
  });

  it('refuses a code of more than 16 bits', () => {
    expect(() => closeFrame(65_536, '', false)).toThrow(RangeError);
  });
});

describe('pingFrame', () => {
  it.each([0, 1, 4, 125])('arrives with its payload of %i bytes, masked or not', size => {
    const payload = Buffer.from(Array.from({ length: size }, (_, at) => at * 7));
    for (const masked of [true, false]) {
      const received = receive(pingFrame(payload, masked), masked);
      expect(received.error).toBeUndefined();
      expect(received.pings).toEqual([payload]);
    }
  });

  it('has a new key each time and leaves the payload as it is', () => {
    const payload = Buffer.from('are you there');
    const keys = Array.from({ length: 20 }, () => pingFrame(payload, true).toString('hex', 2, 6));
    expect(new Set(keys).size).toBeGreaterThan(15);
    expect(payload.toString()).toBe('are you there');
  });

  it('refuses a payload that no control frame may have', () => {
    expect(() => pingFrame(Buffer.alloc(126), false)).toThrow(RangeError);
  });
});
