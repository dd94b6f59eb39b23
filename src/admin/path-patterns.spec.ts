import { expect, it } from 'vitest';
import { PathPatterns } from './path-patterns.js';

it.each([
  ['/', '/'],
  ['/status', '/status'],
  ['/status?a=/b', '/status'],
  ['/backends/a%2Fb/drain', '/backends/:backend/drain'],
  ['/backends//drain', '/backends/:backend/drain'],
  ['/backends/a/drain/more', undefined],
  ['/backends/a', undefined],
  ['/Status', undefined],
  ['', undefined],
])('finds for %j the pattern %j', (target, pattern) => {
  const patterns = new PathPatterns();
  for (const each of ['/', '/status', '/backends/:backend/drain']) patterns.add(each);
  expect(patterns.find(target)).toBe(pattern);
});
