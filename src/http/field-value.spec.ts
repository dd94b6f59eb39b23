import { describe, expect, it } from 'vitest';
import { fieldValueFrom, fieldValueOf } from './field-value.js';

describe('the value of a field', () => {
  it.each([
    ['plain', 'plain'],
    ['ü', '\xc3\xbc'],
    ['Łukasz', '\xc5\x81ukasz'],
    ['😀', '\xf0\x9f\x98\x80'],
  ])('is made of the text %j as UTF-8', (text, value) => {
    expect(fieldValueOf(text)).toBe(value);
  });

  it('stays as it is where it is one already, and only there', () => {
    expect(fieldValueFrom('\xc3\xbc')).toBe('\xc3\xbc');
    expect(fieldValueFrom('\xfc')).toBe('\xfc');
    expect(fieldValueFrom('Łü')).toBe('\xc5\x81\xc3\xbc');
  });
});
