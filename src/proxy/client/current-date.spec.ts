import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { currentDate } from './current-date.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

/** What is told at a time. */
const at = (time: string): string => {
  vi.setSystemTime(new Date(time));
  return currentDate();
};

describe('the field that tells the time', () => {
  it('is a line in the form that RFC 9110 asks for', () => {
    expect(at('1994-11-06T08:49:37Z')).toBe('Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n');
  });

  it('changes with the second, and not within it', () => {
    const line = at('2026-01-01T00:00:00.000Z');
    expect(at('2026-01-01T00:00:00.999Z')).toBe(line);
    expect(at('2026-01-01T00:00:01.000Z')).toBe('Date: Thu, 01 Jan 2026 00:00:01 GMT\r\n');
  });

  it('follows a clock that is set back', () => {
    at('2040-01-01T00:00:00Z');
    expect(at('2026-01-01T00:00:00Z')).toBe('Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n');
  });
});
