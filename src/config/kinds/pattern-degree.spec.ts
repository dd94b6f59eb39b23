import { describe, expect, it } from 'vitest';
import { patternDegree } from './pattern-degree.js';

describe('the degree of a pattern', () => {
  it.each([
    ['^abc$', 0],
    ['abc', 1],
    ['^[a-z*+]+$', 1],
    ['^a{3,5}b?$', 0],
    ['^a{3,}$', 1],
    ['^a{100}$', 1],
    ['^\\{\\*$', 0],
    ['[a-z]+$', 2],
    ['^a*a*$', 2],
    ['^(a*b){3}$', 3],
    ['^(?:(x+)y){2}z*$', 3],
    ['^a+|b+$', 3],
    ['^(a+|b+)$', 2],
    ['^(?=.*\\d)(?=.*[a-z]).{8,}$', 3],
  ])('%s is %i', (source, degree) => {
    expect(patternDegree(source)).toBe(degree);
  });
});
