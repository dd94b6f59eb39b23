import { expect, it } from 'vitest';
import { age, milliseconds, percent, plain, table } from './table.js';

it('aligns columns, and leaves no blanks at the ends of lines', () => {
  expect(
    table([
      ['NAME', 'N', ''],
      ['a', '10', ''],
      ['longer', '7', 'note'],
    ]),
  ).toBe('NAME    N\na       10\nlonger  7   note');
});

it('shows durations, ages and shares in units that people read', () => {
  expect([0.123, 9.96, 250.4, 1_234, 65_000].map(milliseconds)).toEqual([
    '0.12 ms',
    '10.0 ms',
    '250 ms',
    '1.2 s',
    '65 s',
  ]);
  expect([0, 5_000, 65_000, 3_600_000, 90_000_000].map(age)).toEqual([
    '0 s',
    '5 s',
    '1 min 5 s',
    '1 h 0 min',
    '1 d 1 h',
  ]);
  expect([0, 0.0123, 1].map(percent)).toEqual(['0 %', '1.2 %', '100 %']);
});

it('lets no text of a client steer the terminal', () => {
  expect(plain('/a\u001b[2Jb\n\u009bc')).toBe('/a?[2Jb??c');
});

it('lets no text steer a terminal, or change the direction of what stands beside it', () => {
  expect(plain('a\x1b[31m\x9b1m\u202eb\nc')).toBe('a?[31m?1m?b?c');
  expect(table([['\x1b]0;x\x07', 'b']])).toBe('?]0;x?  b');
});
