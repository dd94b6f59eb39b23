import { describe, expect, it } from 'vitest';
import { HeaderRules } from './header-rules.js';

describe('header rules', () => {
  it('remove, then set, then add', () => {
    const rules = HeaderRules.compile({
      set: new Map([['X-Tier', 'gold']]),
      add: new Map([['Vary', 'X-Tier']]),
      remove: ['Cookie'],
    });
    const headers = ['x-tier', 'lead', 'cookie', 'a=b', 'Vary', 'Accept', 'X-TIER', 'tin'];
    rules?.apply(headers);
    expect(headers).toEqual(['Vary', 'Accept', 'X-Tier', 'gold', 'Vary', 'X-Tier']);
  });

  it('send texts as UTF-8', () => {
    const headers: string[] = [];
    HeaderRules.compile({ set: new Map([['X', 'ü']]), add: new Map([['Y', 'Łukasz']]) })?.apply(headers);
    expect(Buffer.from(headers.join(), 'latin1').toString()).toBe('X,ü,Y,Łukasz');
  });

  it('take look-alikes out with what they look like, and no more', () => {
    const rules = HeaderRules.compile({ set: new Map([['x-tier', 'gold']]), remove: ['X-Secret', 'odd_one'] });
    const headers = ['X_Tier', '1', 'x.secret', '2', 'X_Secret_', '3', 'odd-one', '4', 'ODD_ONE', '5', 'odd.one', '6'];
    rules?.apply(headers);
    expect(headers).toEqual(['X_Secret_', '3', 'odd-one', '4', 'x-tier', 'gold']);
  });

  it('are nothing at all when they ask for nothing', () => {
    expect(HeaderRules.compile({ set: new Map(), add: new Map(), remove: [] })).toBeUndefined();
    expect(HeaderRules.compile(undefined)).toBeUndefined();
  });

  it('put a Host that is set before all other fields, instead of the one there was', () => {
    const rules = HeaderRules.compile({
      set: new Map([
        ['X-Tier', 'gold'],
        ['host', 'inner.example'],
      ]),
    });
    for (const headers of [
      ['Host', 'shop.example', 'X', '1'],
      ['X', '1'],
    ]) {
      rules?.apply(headers);
      expect(headers).toEqual(['Host', 'inner.example', 'X', '1', 'X-Tier', 'gold']);
    }
  });
});
