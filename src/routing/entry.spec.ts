import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pattern } from '../patterns/pattern.js';
import type { MatchDefinition, RouteDefinition, RouteQuery, ValueMatch } from './route.js';
import { RouteTable } from './route-table.js';

/** A slow model: tries all routes one by one with its own patterns, and takes the best by the rules of order in the documentation. */
function slowMatch(definitions: readonly RouteDefinition[], query: RouteQuery): string | undefined {
  const found: { name: string; rank: (number | string)[] }[] = [];
  definitions.forEach((route, index) => {
    const { hosts, path, methods, headers, query: parameters } = route.match;
    if (methods.length > 0 && !methods.includes(query.method)) return;
    if (
      [...headers].some(
        ([name, match]) => !slowHolds(match, query.headers[name] === undefined ? [] : [String(query.headers[name])]),
      )
    )
      return;
    const values = new URLSearchParams(query.query ?? '');
    if ([...parameters].some(([name, match]) => !slowHolds(match, values.getAll(name)))) return;
    for (const host of hosts.length === 0 ? ['*'] : hosts) {
      const suffix = host.slice(1);
      const fits = host === '*' || (host.startsWith('*.') ? query.host.endsWith(suffix) : query.host === host);
      if (!fits) continue;
      const hostRank = host === '*' ? 1000 : host.startsWith('*.') ? 500 - host.split('.').length : 0;
      for (const pattern of path.length === 0 ? ['/*'] : path) {
        if (!slowPattern(pattern).test(query.routingPath) && !(pattern === '/*' && query.routingPath === '*')) continue;
        const segments = pattern
          .slice(1)
          .split('/')
          .map(part => (part === '*' ? 'd' : part.startsWith(':') ? 'b' : 'a'));
        // Of two paths that fit the same request, the one that ends where the other has its `*` is the more specific.
        const kinds = pattern.endsWith('/*') ? segments.join('') : `${segments.join('')}c`;
        const counts = [methods.length > 0 ? 0 : 1, 99 - headers.size, 99 - parameters.size, index];
        found.push({
          name: route.name,
          rank: [String(hostRank).padStart(4, '0'), kinds, ...counts.map(n => String(n).padStart(4, '0'))],
        });
      }
    }
  });
  return found.sort((a, b) => (a.rank.join(' ') < b.rank.join(' ') ? -1 : 1))[0]?.name;
}

function slowPattern(pattern: string): RegExp {
  const prefix = pattern.endsWith('/*');
  const source = (prefix ? pattern.slice(0, -2) : pattern).replace(/:[a-z]+/g, '[^/]+');
  return new RegExp(`^${source}${prefix ? '(?:/.*)?' : ''}$`, 's');
}

function slowHolds(match: ValueMatch, values: string[]): boolean {
  if (match.kind === 'present') return match.present === values.length > 0;
  return values.some(value => (match.kind === 'exact' ? value === match.value : match.pattern.test(value)));
}

describe('the matching order', () => {
  const segment = fc.constantFrom('a', 'b', 'c', ':x', ':y');
  const path = fc
    .tuple(fc.array(segment, { maxLength: 4 }), fc.boolean())
    .map(
      ([segments, prefix]) =>
        `/${[...segments.map((text, i) => (text.startsWith(':') ? `:p${'abcdef'[i]}` : text)), ...(prefix ? ['*'] : [])].join('/')}`,
    );
  const value: fc.Arbitrary<ValueMatch> = fc.constantFrom<ValueMatch>(
    { kind: 'exact', value: '1' },
    { kind: 'pattern', pattern: new Pattern('^[12]$') },
    { kind: 'present', present: true },
    { kind: 'present', present: false },
  );
  const named = (names: string[], maxKeys: number) =>
    fc.dictionary(fc.constantFrom(...names), value, { maxKeys }).map(given => new Map(Object.entries(given)));
  const match: fc.Arbitrary<MatchDefinition> = fc.record({
    hosts: fc.array(fc.constantFrom('a.b.c', 'b.c', '*.b.c', '*.c', '*.a.b.c', '*'), { maxLength: 2 }),
    path: fc.array(path, { maxLength: 2 }),
    methods: fc.constantFrom<string[]>([], ['GET'], ['POST', 'PUT']),
    headers: named(['h', 'i'], 2),
    query: named(['q', 'r'], 1),
  });
  const asked: fc.Arbitrary<RouteQuery> = fc.record({
    method: fc.constantFrom('GET', 'POST', 'DELETE'),
    host: fc.constantFrom('a.b.c', 'b.c', 'x.b.c', 'x.a.b.c', 'x.c', 'c', ''),
    routingPath: fc.oneof(
      fc.constant('*'),
      fc
        .tuple(fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 5 }), fc.constantFrom('', '/'))
        .map(([segments, end]) => (segments.length === 0 ? '/' : `/${segments.join('/')}${end}`)),
    ),
    query: fc.constantFrom(undefined, '', 'q=1', 'q=3&q=2', 'r', 'r=1&q=1'),
    headers: fc.constantFrom({}, { h: '1' }, { h: '2', i: '1' }, { i: '3' }),
  });

  it('agrees with trying all routes one by one', () => {
    fc.assert(
      fc.property(
        fc.array(match, { minLength: 1, maxLength: 25 }),
        fc.array(asked, { minLength: 5, maxLength: 15 }),
        (matches, queries) => {
          const definitions = matches.map((match, index): RouteDefinition => ({ name: `r${index}`, match }));
          const compiled = RouteTable.compile(definitions);
          for (const query of queries) expect(compiled.match(query)?.route.name).toBe(slowMatch(definitions, query));
        },
      ),
      { numRuns: 250 },
    );
  });
});
