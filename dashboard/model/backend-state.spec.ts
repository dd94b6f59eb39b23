import { describe, expect, it } from 'vitest';
import { backendState, breakerState, byHandLines, listed, upstreamState } from './backend-state.js';
import { sampleBackend } from './sample.js';

const out = { available: false, vetoes: ['unhealthy', 'circuit-open'] };
const now = Date.parse('2026-11-30T12:00:00.000Z');

describe('the state of a backend', () => {
  it.each([
    ['up', 'good', {}],
    ['backup', 'good', { backup: true }],
    ['weight 0', 'idle', { weight: 0 }],
    ['up in part', 'warn', { breaker: { state: 'open', retryIn: 5 } }],
    ['unhealthy', 'bad', out],
    ['draining', 'busy', { available: false, vetoes: ['draining'], inFlight: 2 }],
    ['drained', 'busy', { available: false, vetoes: ['draining'] }],
    ['draining', 'bad', { available: false, vetoes: ['draining', 'unhealthy'] }],
    ['a-veto-to-come', 'bad', { available: false, vetoes: ['a-veto-to-come'] }],
  ] as const)('is "%s", which is %s', (word, tone, more) => {
    expect(backendState(sampleBackend('a', more))).toMatchObject({ word, tone });
  });

  it('has the reasons of all its vetoes, but what is set by hand', () => {
    const reasons = { unhealthy: 'connect ECONNREFUSED', 'circuit-open': 'by hand, until 2026-11-30T12:10:00.000Z' };
    expect(backendState(sampleBackend('a', { ...out, reasons })).reasons).toEqual([
      'connect ECONNREFUSED',
      'circuit open',
    ]);
  });

  it('says what is set by hand, and how long it will last', () => {
    const until = '2026-11-30T12:09:00.000Z';
    const byHand = { drained: {}, weight: { value: 5, until }, breaker: { state: 'open' as const, until } };
    expect(byHandLines(byHand, now)).toEqual([
      'drained by hand',
      'weight 5 by hand, 9 min left',
      'held open by hand, 9 min left',
    ]);
    expect(byHandLines(undefined, now)).toEqual([]);
  });
});

describe('the state of a breaker', () => {
  it.each([
    [{ state: 'closed' }, {}, 'closed', []],
    [{ state: 'disabled' }, {}, 'off', []],
    [{ state: 'open', retryIn: 7_001 }, {}, 'open', ['tries in 8 s']],
    [{ state: 'open' }, { breaker: { state: 'open' } }, 'open', ['by hand']],
  ] as const)('of %o says when it tries again', (breaker, byHand, word, reasons) => {
    expect(breakerState(sampleBackend('a', { breaker, byHand }))).toMatchObject({ word, reasons });
  });
});

describe('the state of an upstream', () => {
  const upstream = (backends: object) => ({ name: 'orders', strategy: 'random', backends: [], ...backends });

  it.each([
    ['good', '2 of 2 up', { backends: [sampleBackend('a'), sampleBackend('b')] }],
    ['warn', '1 of 2 up', { backends: [sampleBackend('a'), sampleBackend('b', out)] }],
    [
      'busy',
      '1 of 2 up',
      { backends: [sampleBackend('a'), sampleBackend('b', { available: false, vetoes: ['draining'] })] },
    ],
    ['bad', '0 of 1 up', { backends: [sampleBackend('b', out)] }],
    ['bad', 'panic: 0 of 1 up', { backends: [sampleBackend('b', out)], panicking: true }],
    ['bad', 'no backends', {}],
    ['warn', '1 of 1 up', { backends: [sampleBackend('a')], discoveryFailure: 'ENOTFOUND' }],
  ])('is %s: %s', (tone, word, more) => {
    expect(upstreamState(upstream(more))).toMatchObject({ tone, word });
  });
});

describe('a folded list of many backends', () => {
  const many = Array.from({ length: 60 }, (_, index) => sampleBackend(`b${index}`, index === 40 ? out : {}));
  const ids = (shown: ReadonlySet<string>) => listed(many, shown).map(({ id }) => id);

  it('has the broken ones and the first others, in their order', () => {
    expect(ids(new Set())).toEqual([...Array.from({ length: 11 }, (_, index) => `b${index}`), 'b40']);
  });

  it('keeps rows that were shown before', () => {
    expect(ids(new Set(['b50']))).toContain('b50');
    expect(ids(new Set(['b50']))).toHaveLength(12);
  });

  it('stays short when all are broken', () => {
    expect(
      listed(
        Array.from({ length: 500 }, (_, index) => sampleBackend(`b${index}`, out)),
        new Set(),
      ),
    ).toHaveLength(60);
  });
});
