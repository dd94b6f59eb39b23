import { describe, expect, it } from 'vitest';
import type { Candidates } from '../upstream/backend.js';
import { IpHash } from './ip-hash.js';
import { describeStrategy, testBackends, testClient, testRequest } from './testing.js';

describeStrategy('ip-hash', () => new IpHash(), { describe, it }, { weighted: true });

describe('ip-hash', () => {
  it('sends all requests of a client to the same backend, in every process', () => {
    const candidates = testBackends(1, 1, 1, 1, 1);
    const strategy = new IpHash();
    const picked = strategy.pick(candidates, testClient(7));
    for (const path of ['/', '/a', '/b']) {
      expect(strategy.pick(candidates, testRequest({ path, clientIp: testClient(7).clientIp }))).toBe(picked);
      expect(new IpHash().pick(candidates, testClient(7))).toBe(picked);
    }
  });

  it('moves the clients of a backend that leaves, no others, and all of them back when it returns', () => {
    const candidates = testBackends(1, 2, 3, 4);
    const strategy = new IpHash();
    const without = candidates.slice(1) as unknown as Candidates;
    const pickAll = (from: Candidates) => Array.from({ length: 2_000 }, (_, n) => strategy.pick(from, testClient(n)));
    const before = pickAll(candidates);
    const meanwhile = pickAll(without);
    before.forEach((backend, client) => {
      if (backend !== candidates[0]) expect(meanwhile[client]).toBe(backend);
    });
    expect(pickAll([...candidates])).toEqual(before);
  });
});
