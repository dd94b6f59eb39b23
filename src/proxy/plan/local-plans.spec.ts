import { describe, expect, it } from 'vitest';
import { roadTo } from '../../../test/support/road-scene.js';
import { HeaderRules } from '../../http/header-rules.js';
import { FixedPlan, RedirectPlan } from './local-plans.js';

describe('a redirect', () => {
  it('leads to where its template says, with a body that names the status', async () => {
    const routes = [
      { name: 'moved', match: { path: '/old/*' }, redirect: { to: 'https://new.example/x', status: 308 } },
    ];
    const { exchange } = (await roadTo(['a'], {}, { routes })).open({ path: '/old/x', query: 'a=1' });
    const { status, headers, body } = new RedirectPlan(308).respond(exchange);
    expect([status, headers[0], headers[1]?.startsWith('https://new.example/x'), body]).toEqual([
      308,
      'Location',
      true,
      'Permanent Redirect\n',
    ]);
    expect(headers.at(-1)).toBe(String(body.length));
  });
});

describe('a fixed response', () => {
  it('has its fields, a type and a length', () => {
    const plan = new FixedPlan(200, new Map([['X-One', '1']]), 'hello');
    const { status, headers, body } = plan.respond(undefined, undefined);
    expect([status, headers, body.toString()]).toEqual([
      200,
      ['X-One', '1', 'Content-Type', 'text/plain; charset=utf-8', 'Content-Length', '5'],
      'hello',
    ]);
  });

  it('keeps a type that is given, and has neither with a status that has no body', () => {
    const typed = new FixedPlan(200, new Map([['content-type', 'text/css']]), undefined);
    expect(typed.respond(undefined, undefined).headers).toEqual(['content-type', 'text/css', 'Content-Length', '0']);
    for (const status of [204, 304])
      expect(new FixedPlan(status, undefined, undefined).respond(undefined, undefined).headers).toEqual([]);
  });

  it('has the rules of its route applied, each time anew', () => {
    const plan = new FixedPlan(200, undefined, 'x');
    const rules = HeaderRules.compile({ add: new Map([['X-Added', '1']]) });
    plan.respond(undefined, rules);
    const { headers } = plan.respond(undefined, rules);
    expect(headers.filter(name => name === 'X-Added').length).toBe(1);
  });
});
