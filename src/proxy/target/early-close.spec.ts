import { describe, expect, it } from 'vitest';
import { mayHaveClosedEarly } from './early-close.js';

const sent = (bytes: number, isComing = false) => ({ bytes, isComing });

describe('the end of a connection behind a body', () => {
  it('is no evidence while the body is on its way', () => {
    expect(mayHaveClosedEarly({ code: 'RESET' }, true, 0, sent(10))).toBe(true);
    expect(mayHaveClosedEarly({ code: 'RESET' }, false, 0, sent(10, true))).toBe(true);
    expect(mayHaveClosedEarly({ code: 'BODY_BROKEN' }, false, 200, sent(10, true))).toBe(true);
  });

  it('is no evidence behind a body that is longer than what is read with a head', () => {
    expect(mayHaveClosedEarly({ code: 'RESET' }, false, 0, sent(16_385))).toBe(true);
    expect(mayHaveClosedEarly({ code: 'RESET' }, false, 0, sent(16_384))).toBe(false);
  });

  it('is evidence once a good answer has begun: all of the body was read for that', () => {
    expect(mayHaveClosedEarly({ code: 'BODY_BROKEN' }, false, 200, sent(100_000))).toBe(false);
    expect(mayHaveClosedEarly({ code: 'BODY_BROKEN' }, false, 413, sent(100_000))).toBe(true);
  });

  it('is evidence where there was no body, and so is each other error', () => {
    expect(mayHaveClosedEarly({ code: 'RESET' }, false, 0, undefined)).toBe(false);
    expect(mayHaveClosedEarly({ code: 'HEAD_TIMEOUT' }, false, 0, sent(100_000))).toBe(false);
    expect(mayHaveClosedEarly({ code: 'CONNECT_FAILED' }, true, 0, sent(100_000))).toBe(false);
  });
});
