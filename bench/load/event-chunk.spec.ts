import { describe, expect, it } from 'vitest';
import { ageOfEvent, countEvents, eventChunk } from '#bench/load/event-chunk';

describe('an event of the benchmark', () => {
  it('has as many bytes as it is asked to have, and ends with an empty line', () => {
    const [head, event] = eventChunk(100).toString('latin1').split('\r\n');
    expect(head).toBe('64');
    expect(event).toHaveLength(100);
    expect(event).toMatch(/^data: .*\n\n$/);
  });

  it('is counted once, wherever the stream is cut', () => {
    const bytes = Buffer.concat([eventChunk(100), eventChunk(100), eventChunk(100)]);
    expect(countEvents(bytes)).toBe(3);
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(countEvents(bytes.subarray(0, cut)) + countEvents(bytes.subarray(cut))).toBe(3);
    }
  });

  it('tells how long it was on its way', () => {
    const age = ageOfEvent(eventChunk(100));
    expect(age).toBeGreaterThanOrEqual(0);
    expect(age).toBeLessThan(60_000_000);
  });

  it('tells nothing when it was cut', () => {
    expect(ageOfEvent(eventChunk(100).subarray(0, 15))).toBeUndefined();
    expect(ageOfEvent(Buffer.from('xx#\n\n'))).toBeUndefined();
  });
});
