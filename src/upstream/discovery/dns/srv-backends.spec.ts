import { describe, expect, it } from 'vitest';
import { placesOf } from './srv-backends.js';

const record = (name: string, weight: number, priority = 0, port = 80) => ({
  name,
  weight,
  priority,
  port,
  type: 'SRV' as const,
});
const at = (addresses: Record<string, readonly string[]>) => new Map(Object.entries(addresses));
const one = { a: ['10.0.0.1'], b: ['10.0.0.2'], c: ['10.0.0.3'] };

const weightsOf = (...weights: number[]) =>
  placesOf(
    ['a', 'b', 'c'].slice(0, weights.length).map((name, index) => record(name, weights[index]!)),
    at(one),
  ).map(({ weight }) => weight);

describe('the weight of a service', () => {
  it('is that of its record up to 1,000', () => {
    expect(weightsOf(1, 10, 1_000)).toEqual([1, 10, 1_000]);
  });

  it('is brought down in proportion where one has more', () => {
    expect(weightsOf(65_535, 32_768, 100)).toEqual([1_000, 500, 2]);
    expect(weightsOf(65_535, 1)).toEqual([1_000, 1]);
  });

  it('is 1 where records have none, so that all are used alike', () => {
    expect(weightsOf(0, 0)).toEqual([1, 1]);
    expect(weightsOf(0, 5)).toEqual([1, 5]);
  });

  it('is shared by the addresses of a target', () => {
    const places = placesOf([record('a', 10), record('b', 10)], at({ a: ['10.0.0.1', '10.0.0.4'], b: ['10.0.0.2'] }));
    expect(places.map(({ weight }) => weight)).toEqual([5, 5, 10]);
  });
});

describe('a service', () => {
  it('of the lowest priority is a primary, and all others are backups', () => {
    const places = placesOf([record('a', 1, 7), record('b', 1, 3), record('c', 1, 3)], at(one));
    expect(places.map(({ address, backup }) => [address, backup])).toEqual([
      ['10.0.0.1', true],
      ['10.0.0.2', false],
      ['10.0.0.3', false],
    ]);
  });

  it('is a primary where those of a lower priority have no address', () => {
    const places = placesOf([record('a', 1, 7), record('gone', 1, 3)], at({ ...one, gone: [] }));
    expect(places).toEqual([{ address: '10.0.0.1', port: 80, weight: 1, backup: false }]);
  });

  it('that two records name is there once, as a primary if one of them says so', () => {
    const places = placesOf([record('a', 1, 2), record('b', 4, 1)], at({ a: ['10.0.0.1'], b: ['10.0.0.1'] }));
    expect(places).toEqual([{ address: '10.0.0.1', port: 80, weight: 4, backup: false }]);
  });
});
