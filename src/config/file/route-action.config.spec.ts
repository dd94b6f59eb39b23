import { describe, expect, it } from 'vitest';
import { ConfigError } from '../loading/config-error.js';
import { parseConfig } from '../loading/load-config.js';
import { formatProblem } from '../loading/problem.js';

function complaintOf(rewrite: object): string | undefined {
  const routes = [{ upstream: 'app', rewrite }];
  try {
    parseConfig(JSON.stringify({ upstreams: { app: { backends: ['http://127.0.0.1:3001'] } }, routes }));
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem).join('\n');
    throw error;
  }
}

describe('a rewrite whose prefix has a space', () => {
  const says = /path "\/a b" holds a character that no request path has \(space, .*did you mean "?\/a%20b/s;

  it.each([{ stripPrefix: '/a b' }, { replacePrefix: ['/c', '/a b'] }, { replacePrefix: ['/a b', '/c'] }])(
    'is told of the space: %j',
    rewrite => expect(complaintOf(rewrite)).toMatch(says),
  );

  it.each([{ replacePrefix: ['/c'] }, { replacePrefix: ['/c', 7] }, { replacePrefix: ['/a b', '/c', '/d'] }])(
    'is no pair of paths else: %j',
    rewrite => expect(complaintOf(rewrite)).toContain('expected a list of two paths'),
  );
});
