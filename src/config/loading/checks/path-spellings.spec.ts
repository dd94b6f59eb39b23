import { expect, it } from 'vitest';
import { PathSpellings } from './path-spellings.js';

const patterns = ['/a/b', '/a/:id', '/a/:id/c', '/files/*', '/', '/x/'];

function fitting(spelling: string): string[] {
  const spellings = new PathSpellings<string>();
  for (const pattern of patterns) spellings.add(pattern, pattern);
  const found: string[] = [];
  spellings.some(spelling, pattern => {
    found.push(pattern);
    return false;
  });
  return found.toSorted();
}

it.each([
  ['/a/b', ['/a/:id', '/a/b']],
  ['/a/c', ['/a/:id']],
  ['/a/:any', ['/a/:id', '/a/b']],
  ['/a/', []],
  ['/a/b/c', ['/a/:id/c']],
  ['/files', ['/files/*']],
  ['/files/', ['/files/*']],
  ['/files/x/y', ['/files/*']],
  ['/', ['/']],
  ['/x', []],
  ['/x/', ['/x/']],
])('a spelling such as %s fits what matches it', (spelling, expected) => {
  expect(fitting(spelling)).toEqual(expected);
});

it('it ends the search with the first that is accepted', () => {
  const spellings = new PathSpellings<number>();
  spellings.add('/a', 1);
  spellings.add('/:p', 2);
  const asked: number[] = [];
  expect(spellings.some('/a', what => asked.push(what) > 0)).toBe(true);
  expect(asked).toEqual([1]);
});
