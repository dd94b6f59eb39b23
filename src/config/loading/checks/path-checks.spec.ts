import { describe, expect, it } from 'vitest';
import { parseConfig } from '../load-config.js';

const auth = {
  apiKey: { keys: [{ id: 'a', sha256: '2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683' }] },
};
const closed = { upstream: 'app', security: { auth } };
const open = { upstream: 'app', match: { path: '/*' } };

/** The warnings of `check`: the place, and the suggestion. */
function warningsOf(routes: readonly object[], more: object = {}): string[] {
  const upstreams = { app: { backends: ['http://127.0.0.1:3001'] } };
  const { warnings } = parseConfig(JSON.stringify({ upstreams, routes, ...more }));
  return warnings.map(({ path, message }) => `${path} ${/write (.*), or/.exec(message)?.[1]}`);
}

const both = 'routes[0].match.path match.caseSensitive: false and match.trailingSlash: ignore';
const onlyCase = 'routes[0].match.path match.caseSensitive: false';
const onlySlash = 'routes[0].match.path match.trailingSlash: ignore';

describe('check says that a protected path is open in another spelling', () => {
  it.each([
    ['an exact path', '/admin', '/*', [both]],
    ['a prefix, which takes the slash', '/admin/*', '/*', [onlyCase]],
    ['a path below one that is open', '/api/admin', '/api/*', [both]],
    ['digits only', '/42', '/*', [onlySlash]],
    ['a parameter at its end', '/users/:id', '/*', [both]],
  ])('for %s', (_, path, other, expected) => {
    expect(
      warningsOf([
        { ...closed, match: { path } },
        { ...open, match: { path: other } },
      ]),
    ).toEqual(expected);
  });

  it('for a route that denies', () => {
    const denied = (path: string): object => ({ match: { path }, respond: { status: 403 } });
    expect(warningsOf([denied('/internal/*'), open])).toEqual([onlyCase]);
    expect(warningsOf([denied('/internal'), open])).toEqual([both]);
    // Both have the same policies; the protection is that one answers itself.
    expect(warningsOf([denied('/internal/*'), open], { security: { auth } })).toEqual([onlyCase]);
    expect(warningsOf([denied('/internal/*'), { ...open, match: { path: '/public/*' } }])).toEqual([]);
    expect(warningsOf([denied('/internal/*'), denied('/*'), { ...open, match: { path: '/a' } }])).toEqual([]);
    expect(warningsOf([{ match: { path: '/ping' }, respond: { status: 200 } }, open])).toEqual([]);
  });

  it('for routes without a path, and for hosts that meet', () => {
    expect(warningsOf([{ ...closed, match: { path: '/admin' } }, { upstream: 'app' }])).toEqual([both]);
    const ours = { ...closed, match: { path: '/admin', hosts: ['a.example'] } };
    expect(warningsOf([ours, { ...open, match: { hosts: ['a.example'] } }])).toEqual([both]);
    expect(warningsOf([ours, { ...open, match: { hosts: ['b.example'] } }])).toEqual([]);
  });

  it.each([
    ['all is protected alike', [{ upstream: 'app', match: { path: '/admin' } }, open], { security: { auth } }],
    [
      'the rest goes elsewhere',
      [
        { ...closed, match: { path: '/admin' } },
        { ...open, match: { path: '/public/*' } },
      ],
      {},
    ],
    [
      'it is the open one',
      [{ ...open, match: { path: '/login' }, security: { auth: { mode: 'off' } } }, open],
      { security: { auth } },
    ],
    ['the rest is answered here', [{ ...closed, match: { path: '/admin' } }, { respond: { status: 404 } }], {}],
    [
      'the route says how',
      [{ ...closed, match: { path: '/admin', caseSensitive: true, trailingSlash: 'exact' } }, open],
      {},
    ],
    [
      'routing says how',
      [{ ...closed, match: { path: '/admin' } }, open],
      { routing: { caseSensitive: false, trailingSlash: 'ignore' } },
    ],
  ] as const)('but not where %s', (_, routes, more) => {
    expect(warningsOf(routes, more)).toEqual([]);
  });
});
