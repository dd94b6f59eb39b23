import { describe, expect, it } from 'vitest';
import { EventReader } from './event-reader.js';

describe('a reader of events', () => {
  const text = ': hello\n\nevent: status\ndata: {"a":1}\n\n:\n\nevent: failure\ndata: {"detail":"x"}\n\n';
  const all = [
    { event: 'status', data: '{"a":1}' },
    { event: 'failure', data: '{"detail":"x"}' },
  ];

  it('finds them however the text is cut', () => {
    for (let at = 0; at <= text.length; at++) {
      const reader = new EventReader();
      expect([...reader.read(text.slice(0, at)), ...reader.read(text.slice(at))]).toEqual(all);
    }
  });

  it('does not keep an event that does not end', () => {
    const reader = new EventReader();
    const piece = 'x'.repeat(8 * 1024 * 1024);
    expect(() => {
      for (let count = 0; count < 5; count++) reader.read(piece);
    }).toThrow('too long');
  });
});
