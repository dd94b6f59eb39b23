import { describe, expect, it } from 'vitest';
import { buildConfig } from '../loading/load-config.js';
import { describeChanges } from './describe-changes.js';

const app = { backends: ['http://10.0.0.1:3000'] };
const load = (changes: object) => buildConfig({ upstreams: { app }, ...changes });
const changes = (from: object, to: object) => describeChanges(load(from), load(to));

const security = (settings: object) => ({ security: settings });
const named = (name: string, settings: object = {}) => ({ routes: [{ name, upstream: 'app', ...settings }] });
const route = (settings: object) => named('orders', settings);

describe('a secret', () => {
  const scrypt = (salt: string) => `$scrypt$ln=15,r=8,p=3$${salt.repeat(16)}$${'h'.repeat(24)}`;
  const keys = (...list: string[]) =>
    security({
      auth: { apiKey: { keys: list.map((each, index) => ({ id: `user-${index}`, sha256: each.repeat(64) })) } },
    });
  const users = (salt: string) => security({ auth: { basic: { users: [{ name: 'ops', scrypt: scrypt(salt) }] } } });
  const quota = (secret: string) => security({ policies: [{ name: 'quota', apiKey: secret, level: 1 }] });

  const set = (header: string, value: string) => route({ headers: { request: { set: { [header]: value } } } });
  const query = (value: string) => route({ match: { query: { token: value } } });
  const store = (password: string, host: string) => ({ rateLimitStore: { redis: `redis://gw:${password}@${host}` } });

  it.each<[string, object, object, string[]]>([
    ['has only changed', { admin: { token: 'before' } }, { admin: { token: 'after' } }, ['admin.token changed']],
    ['may be set for the first time', {}, { admin: { token: 'after' } }, ['admin.token unset → ****']],
    [
      'may stand in a list',
      keys('1', '2'),
      keys('1', '3', '4'),
      ['security.auth.apiKey: key user-1: sha256 changed', 'security.auth.apiKey: key user-2 added'],
    ],
    ['may be the hash of a password', users('a'), users('b'), ['security.auth.basic: user ops: scrypt changed']],
    [
      'may be sent in a field',
      set('authorization', 'Basic x'),
      set('authorization', 'Basic y'),
      ['route orders: headers.request.set.authorization changed'],
    ],
    ['may be asked for', query('before'), query('after'), ['route orders: match.query.token changed']],
    ['may stand in a URL', store('before', 'host'), store('after', 'host'), ['rateLimitStore.redis changed']],
    [
      'may stand in a URL that changes elsewhere',
      store('before', 'one'),
      store('after', 'two'),
      ['rateLimitStore.redis redis://gw:****@one → redis://gw:****@two'],
    ],
    ['may be an option', quota('before'), quota('after'), ['security.policies changed']],
  ])('%s', (_, from, to, lines) => {
    expect(changes(from, to)).toEqual(lines);
  });

  it('may be in the source of a function that an embedded gateway has as an option', () => {
    const own = (check: (key: string) => boolean) => security({ policies: [{ name: 'own', check }] });
    expect(
      changes(
        own(key => key === 'before'),
        {},
      ),
    ).toEqual(['security.policies [{ name: own, check: function }] → unset']);
    expect(
      changes(
        own(key => key === 'before'),
        own(key => key === 'after'),
      ),
    ).toEqual(['security.policies changed']);
  });

  it('stays out of the lines of a list that is told element by element', () => {
    const many = (secret: string) =>
      security({
        policies: Array.from({ length: 20 }, (_, index) => ({ name: 'quota', apiKey: `${secret}${index}` })),
      });
    expect(changes(many('before'), many('after'))).toEqual(['security.policies changed']);
  });
});

describe('a long value', () => {
  const body = (text: string) => ({ routes: [{ name: 'orders', respond: { body: text } }] });

  it('is cut', () => {
    const [line, ...others] = changes(body('short'), body('é'.repeat(100_000)));
    expect(others).toEqual([]);
    expect(line).toBe(`route orders: respond.body short → ${'é'.repeat(120)}…`);
  });

  it('is cut between two characters', () => {
    expect(changes(body('short'), body(`${'x'.repeat(119)}😀😀`))).toEqual([
      `route orders: respond.body short → ${'x'.repeat(119)}…`,
    ]);
  });

  it('has changed, when the beginnings are the same', () => {
    expect(changes(body(`${'x'.repeat(200)}1`), body(`${'x'.repeat(200)}2`))).toEqual([
      'route orders: respond.body changed',
    ]);
  });

  it('is told element by element when it is a list', () => {
    const ranges = Array.from({ length: 50 }, (_, index) => `10.0.${index}.0/24`);
    const [first, ...rest] = ranges;
    expect(changes({ trustedProxies: ranges }, { trustedProxies: [...rest, '10.1.0.0/16'] })).toEqual([
      'trustedProxies: 10.1.0.0/16 added',
      `trustedProxies: ${first} removed`,
    ]);
    expect(changes({ trustedProxies: ranges }, { trustedProxies: ranges.toReversed() })).toEqual([
      'trustedProxies: order changed',
    ]);
    expect(changes({ trustedProxies: ranges }, { trustedProxies: [...ranges, first] })).toEqual([
      `trustedProxies: ${first} added`,
    ]);
  });
});

describe('a line', () => {
  it.each([
    ['a line separator', 'a\u2028b', 'a\\u2028b'],
    ['a mark that turns the direction of text', 'a\u202eb', 'a\\u202eb'],
    ['an invisible character', 'a\u{e0041}b', 'a\\udb40\\udc41b'],
    ['a quote', 'a"b', 'a\\"b'],
    ['what looks like the end of the name', 'orders: x 1', 'orders: x 1'],
  ])('hold no name with %s as it is', (_, name, shown) => {
    expect(changes({}, named(name))).toEqual([`route "${shown}" added`, 'route default removed']);
  });

  it.each([
    ['in a value', (text: string) => ({ routes: [{ name: 'orders', respond: { body: text } }] })],
    ['in an option', (text: string) => security({ policies: [{ name: 'x', note: text }] })],
    ['in the name of an option', (text: string) => security({ policies: [{ name: 'x', [text]: 1 }] })],
    ['in the name of a parameter', (text: string) => named('orders', { match: { query: { [text]: '1' } } })],
  ])('hold no control character: %s', (_, make) => {
    const text = 'a\u001b[31m\r\nb\u007f\u009b\ud800';
    const lines = changes(make('plain'), make(text));
    expect(lines.join('')).toContain('a\\u001b[31m\\r\\nb\\u007f\\u009b\\ud800');
    expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Cs}]/u);
  });
});
