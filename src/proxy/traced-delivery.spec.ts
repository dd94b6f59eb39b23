import { describe, expect, it, vi } from 'vitest';
import { roadTo, type Road } from '../../test/support/road-scene.js';
import { ExchangeTrace } from '../tracing/exchange-trace.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';

/** Sends a request whose trace is recorded. */
function sendTraced(road: Road): ExchangeTrace {
  const { exchange } = road.open();
  const parent = { traceId, spanId: 'b7ad6b7169203331', isSampled: true, state: 'vendor=1' };
  const trace = (exchange.trace = new ExchangeTrace({ closed: () => {} }, traceId, true, parent, undefined));
  road.dispatcher.dispatch(exchange);
  return trace;
}

const noted = ({ events }: ExchangeTrace) => events.map(({ attributes, name }) => [name, attributes]);

describe('the trace of a delivery', () => {
  it('goes to the backend with the span of the attempt, which has its times and its status', async () => {
    const road = await roadTo(['a', 'b']);
    const trace = sendTraced(road);
    const { last } = road.forwarder;
    expect(last.field('traceparent')).toBe(`00-${traceId}-${trace.attempts[0]?.spanId}-01`);
    expect(last.field('tracestate')).toBe('vendor=1');
    last.answer();
    const [attempt] = trace.attempts;
    expect(attempt).toMatchObject({ status: 200, error: undefined, isGivenUp: false, isHedge: false, resends: 0 });
    expect(attempt!.startedAt <= attempt!.respondedAt && attempt!.respondedAt <= attempt!.endedAt).toBe(true);
  });

  it('tells of each attempt, why it was followed by another, and that its connection was stale', async () => {
    const road = await roadTo(['a', 'b', 'c'], { retries: { backoff: '1ms' } });
    const trace = sendTraced(road);
    road.forwarder.last.fail('RESET', { stale: true });
    road.forwarder.last.fail('CONNECT_FAILED');
    road.forwarder.last.answer();
    expect(trace.attempts.map(({ backend, error, isStale, status }) => [backend.id, error, isStale, status])).toEqual([
      ['a', 'RESET', true, 0],
      ['a', 'CONNECT_FAILED', false, 0],
      ['b', undefined, false, 200],
    ]);
    expect(noted(trace).map(([name, told]) => [name, (told as { reason: string }).reason])).toEqual([
      ['retry', 'stale'],
      ['retry', 'connect-failure'],
    ]);
  });

  it('tells of a breaker that refuses', async () => {
    const road = await roadTo(['a', 'b']);
    vi.spyOn(road.breaker('a'), 'tryEnter').mockReturnValue(0);
    const trace = sendTraced(road);
    expect(noted(trace)).toEqual([['circuit_refused', { backend: 'a', circuit: 'closed' }]]);
    expect(trace.attempts.map(({ backend }) => backend.id)).toEqual(['b']);
  });

  it('tells of a retry that the budget does not allow', async () => {
    const road = await roadTo(['a', 'b'], { retries: { budget: '0%' } });
    const { budget } = road.target();
    while (budget.take(performance.now()));
    const trace = sendTraced(road);
    road.forwarder.last.fail('RESET');
    expect(noted(trace)).toEqual([['retry_withheld', { reason: 'budget' }]]);
  });
});
