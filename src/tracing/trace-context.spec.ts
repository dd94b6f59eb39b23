import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAmong, newSpanId, newTraceId, readTraceContext, writeTraceParent } from './trace-context.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const parent = `00-${traceId}-${spanId}-01`;

describe('traceparent', () => {
  it.each([
    [parent, true],
    [`00-${traceId}-${spanId}-00`, false],
    // Flags that this version does not know: only the lowest bit counts (§3.2.2.5).
    [`00-${traceId}-${spanId}-ff`, true],
    [`00-${traceId}-${spanId}-02`, false],
    // Later versions may have more behind the flags (§3.2.4).
    [`cc-${traceId}-${spanId}-01`, true],
    [`cc-${traceId}-${spanId}-01-what-the-future-will-be-like`, true],
  ])('%s is read', (value, isSampled) => {
    expect(readTraceContext(value)).toEqual({ traceId, spanId, isSampled, state: undefined });
  });

  it.each([
    undefined,
    '',
    `ff-${traceId}-${spanId}-01`,
    `${parent}-`,
    `${parent}-more`,
    `${parent}.`,
    `cc-${traceId}-${spanId}-01.more`,
    ` ${parent}`,
    parent.toUpperCase(),
    `00-${traceId.slice(1)}-${spanId}-01`,
    `00-${traceId}-${spanId}-1`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `${parent},${parent}`,
    `00_${traceId}_${spanId}_01`,
  ])('%s is not valid', value => {
    expect(readTraceContext(value)).toBeUndefined();
  });

  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.boolean(), isSampled => {
        const ids = { traceId: newTraceId(), spanId: newSpanId() };
        expect(readTraceContext(writeTraceParent(ids.traceId, ids.spanId, isSampled))).toEqual({
          ...ids,
          isSampled,
          state: undefined,
        });
      }),
    );
  });
});

describe('tracestate', () => {
  const state = (value: string) => readTraceContext(parent, value)?.state;

  it.each([
    ['rojo=00f067aa0ba902b7,congo=t61rcWkgMzE', 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE'],
    ['foo=1 , \tbar=2 ,,', 'foo=1,bar=2'],
    ['tenant@vendor=1', 'tenant@vendor=1'],
    ['1tenant@vendor=a b', '1tenant@vendor=a b'],
    [`a=${'x'.repeat(256)}`, `a=${'x'.repeat(256)}`],
  ])('%s is passed on', (value, passed) => {
    expect(state(value)).toBe(passed);
  });

  it.each([
    '',
    ',',
    'foo',
    'foo=',
    'Foo=1',
    '1foo=1',
    'foo=1=2',
    'foo=1,foo=2',
    'foo=\u00e9',
    'foo@=1',
    `a=${'x'.repeat(257)}`,
    Array.from({ length: 33 }, (_, n) => `a${n}=1`).join(','),
    `a=${'x'.repeat(250)},b=${'x'.repeat(250)},c=${'x'.repeat(20)}`,
  ])('%s is left out, and the trace goes on', value => {
    expect(readTraceContext(parent, value)).toEqual({ traceId, spanId, isSampled: true, state: undefined });
  });
});

describe('a share of traces', () => {
  it('is the same for the same id, none at 0 and all at 1', () => {
    expect(isAmong('f'.repeat(32), 0)).toBe(false);
    expect(isAmong('0'.repeat(31) + '1', 1)).toBe(true);
    // The threshold of OpenTelemetry's consistent sampling: the upper part of the ids is kept.
    expect(isAmong(`${'0'.repeat(18)}80000000000001`, 0.5)).toBe(true);
    expect(isAmong(`${'0'.repeat(18)}7ffffffffffff0`, 0.5)).toBe(false);
  });

  it('is of the size that is asked for', () => {
    const ids = Array.from({ length: 20_000 }, newTraceId);
    expect(new Set(ids).size).toBe(ids.length);
    const kept = ids.filter(id => isAmong(id, 0.1)).length;
    // Six standard deviations around 2000.
    expect(Math.abs(kept - 2000)).toBeLessThan(6 * Math.sqrt(20_000 * 0.1 * 0.9));
  });
});
