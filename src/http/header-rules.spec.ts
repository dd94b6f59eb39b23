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
