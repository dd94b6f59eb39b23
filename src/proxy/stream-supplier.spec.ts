import { describe, expect, it } from 'vitest';
import { upstreamOf } from '../../test/support/stream-parts.js';
import type { LiveBackend } from '../upstream/live-backend.js';
import type { AttemptOwner } from './attempt-owner.js';
import type { Exchange } from './exchange.js';
import type { ForwardPlan, ForwardRoute } from './plan/route-plan.js';
import { StreamSupplier } from './stream-supplier.js';

function setup() {
  const upstream = upstreamOf('a', 'b');
  const hasUntried = (tried: readonly LiveBackend[]) => upstream.available.some(backend => !tried.includes(backend));
  const exchange = { tried: [] as readonly LiveBackend[] };
  const plan = { kind: 'forward' };
  const route = { target: { upstream, hasUntried } };
  const asked: unknown[][] = [];
  const owner = {
    attempt: (...what: unknown[]) => void asked.push(['attempt', ...what]),
    mayRetry: (...what: unknown[]) => asked.push(['mayRetry', ...what]) > 1,
  };
  const supply = new StreamSupplier(
    owner as unknown as AttemptOwner,
    exchange as Exchange,
    plan as ForwardPlan,
    route as unknown as ForwardRoute,
  );
  return { supply, exchange, plan, route, asked, upstream, backends: upstream.backends };
}

describe('what an event stream gets further backends from', () => {
  it('makes an attempt for its exchange, on its route', () => {
    const { supply, exchange, plan, route, asked, upstream } = setup();
    supply.next();
    expect(asked).toEqual([['attempt', exchange, plan, route]]);
    expect(supply.upstream).toBe(upstream);
  });

  it('asks the retry budget of its route', () => {
    const { supply, route, asked } = setup();
    expect([supply.mayRetry(), supply.mayRetry()]).toEqual([false, true]);
    expect(asked[0]).toEqual(['mayRetry', route]);
  });

  it('has others tried before the backends to be avoided, until there are none', () => {
    const { supply, exchange, backends } = setup();
    const [a, b] = backends;
    expect(supply.exhausted).toBe(false);
    supply.avoid(a!);
    expect([exchange.tried, supply.exhausted]).toEqual([[a], false]);
    supply.avoid(b!);
    expect([exchange.tried, supply.exhausted]).toEqual([[a, b], true]);
    supply.avoidOnlyLast();
    expect([exchange.tried, supply.exhausted]).toEqual([[b], false]);
  });
});
