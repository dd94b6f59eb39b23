import { describe, expect, it } from 'vitest';
import { Upload, type Uploading } from './upload.js';

const second = 1_000;

/**
 * The second at which an upload is too slow that must have at least 100 bytes a second after five seconds; `looks` gives its
 * state in each second.
 */
function secondsUntilTooSlow(looks: (second: number) => Partial<Uploading>, most = 1_000): number | undefined {
  const upload = new Upload(100, { usual: 5 * second, pressed: 2 * second });
  for (let at = 0; at <= most; at++) {
    const seen = { bytesIn: 0, awaitsBody: true, withholdsContinue: false, isPressed: false, ...looks(at) };
    if (upload.isTooSlow(seen, second)) return at;
  }
  return undefined;
}

describe('an upload', () => {
  it('has twenty seconds, or five while others wait for its place at the backend', () => {
    const tooSlowAfter = (isPressed: boolean): number => {
      const upload = new Upload(100);
      const seen = { bytesIn: 0, awaitsBody: true, withholdsContinue: false, isPressed };
      let seconds = 0;
      while (!upload.isTooSlow(seen, second)) seconds++;
      return seconds;
    };
    expect([tooSlowAfter(false), tooSlowAfter(true)]).toEqual([20, 5]);
  });

  it('without a byte is too slow after the grace', () => {
    expect(secondsUntilTooSlow(() => ({}))).toBe(5);
  });

  it('has less time while others wait for its place at the backend', () => {
    expect(secondsUntilTooSlow(() => ({ isPressed: true }))).toBe(2);
    expect(secondsUntilTooSlow(at => ({ isPressed: at > 3 }))).toBe(4);
  });

  it('at half the rate is too slow after the grace', () => {
    expect(secondsUntilTooSlow(at => ({ bytesIn: at * 50 }))).toBe(5);
  });

  it('at exactly the rate goes on for ever', () => {
    expect(secondsUntilTooSlow(at => ({ bytesIn: at * 100 }))).toBeUndefined();
  });

  it('that begins late makes it up within the grace', () => {
    expect(secondsUntilTooSlow(at => ({ bytesIn: at < 5 ? 0 : 500 + at * 100 }))).toBeUndefined();
  });

  it('that has been fast may pause for a minute, and no longer', () => {
    expect(secondsUntilTooSlow(at => ({ bytesIn: Math.min(at, 3) * 1_000_000 }))).toBe(64);
  });

  it('is not charged for the time in which the gateway does not read', () => {
    expect(secondsUntilTooSlow(at => ({ awaitsBody: at > 500 }))).toBe(505);
  });

  it('may wait half a minute for its 100 (Continue), and must go on then', () => {
    expect(secondsUntilTooSlow(() => ({ withholdsContinue: true }))).toBe(35);
  });

  it('counts bytes for which the gateway did not wait', () => {
    expect(secondsUntilTooSlow(at => ({ bytesIn: at * 100, awaitsBody: at % 2 === 0 }))).toBeUndefined();
  });
});
