import { describe, expect, it } from 'vitest';
import { FakeMessage } from '../../../test/support/fake-message.js';
import { trailersOf, type TrailerFilter } from './trailer-filter.js';

/** Passes the fields whose names begin with `x-`. */
const filter: TrailerFilter = {
  passedTrailers: raw => raw.flatMap((name, i) => (i % 2 === 0 && name.startsWith('x-') ? [name, raw[i + 1]!] : [])),
};

describe('the trailer fields of a request', () => {
  it('are those that the filter passes', () => {
    const source = new FakeMessage();
    source.rawTrailers.push('x-sum', '1', 'host', 'b', 'x-end', '2');
    expect(trailersOf(source, filter)).toEqual(['x-sum', '1', 'x-end', '2']);
  });

  it('are none where there is no filter, or no fields', () => {
    const source = new FakeMessage();
    expect(trailersOf(source, filter)).toEqual([]);
    source.rawTrailers.push('x-sum', '1');
    expect(trailersOf(source, undefined)).toEqual([]);
  });
});
