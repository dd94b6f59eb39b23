import fc from 'fast-check';

/**
 * Text of any characters of Unicode, half of them ASCII: what `fc.string({ unit: 'binary' })` says, which first spends a second on a table
 * of all characters.
 */
export const anyText = (
  lengths: { readonly minLength?: number; readonly maxLength?: number } = {},
): fc.Arbitrary<string> => fc.array(character, lengths).map(points => String.fromCodePoint(...points));

const character = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 0x7f }) },
  { weight: 2, arbitrary: fc.integer({ min: 0x80, max: 0x7ff }) },
  { weight: 1, arbitrary: fc.integer({ min: 0x800, max: 0xd7ff }) },
  { weight: 1, arbitrary: fc.integer({ min: 0xe000, max: 0x10_ffff }) },
);
