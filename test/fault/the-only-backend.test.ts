import { describe, expect, it } from 'vitest';
import { request } from '../support/client.js';
import { faults } from '../support/faults.js';
import type { InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { expectAtRest, gatewayTo } from '../support/scene.js';
import { startScripted, type ScriptedBackend } from '../support/scripted-backend.js';

const opened = (gateway: InProcessGateway): Promise<number> =>
  gateway.metric('gatehouse_circuit_transitions_total', { to: 'open' });

async function many(gateway: InProcessGateway, path: string, count = 25): Promise<number[]> {
  const statuses = new Set<number>();
  for (let number = 0; number < count; number++) statuses.add((await request(gateway.port, { path })).status);
  return [...statuses];
}

/** Answers the paths `/500`, `/503` and so on with that status, and all others with 200. */
const pages = (name: string): Promise<ScriptedBackend> =>
  startScripted(name, call => call.answer(Number(/^\/(\d{3})$/.exec(call.url)?.[1] ?? 200)));

describe('the only backend', () => {
  it.each(['/500', '/501', '/503', '/507'])('stays in use while its page %s fails again and again', async path => {
    const gateway = await gatewayTo([await pages('a')]);
    expect(await many(gateway, path)).toEqual([Number(path.slice(1))]);
    expect((await request(gateway.port, { path: '/other' })).status).toBe(200);
    expect(await opened(gateway)).toBe(0);
    await expectAtRest(gateway);
  });

  it('has its maintenance page shown for as long as it has one, and not one of the gateway', async () => {
    const backend = await startScripted('a', call => call.answer(503, { body: 'We are back at noon.' }));
    const gateway = await gatewayTo([backend]);
    for (let visitor = 0; visitor < 40; visitor++) {
      const response = await request(gateway.port);
      expect([response.text, response.header('x-gateway-error')]).toEqual(['We are back at noon.', undefined]);
    }
    expect(backend.calls).toHaveLength(40);
  });

  it('is taken out by its failing statuses where there is a fallback, or where maxOpen is 100%', async () => {
    for (const upstream of [{ fallback: { body: 'soon' } }, { circuitBreaker: { maxOpen: '100%' } }]) {
      const gateway = await gatewayTo([await pages('a')], upstream);
      await many(gateway, '/503', 20);
      expect(await opened(gateway)).toBe(1);
    }
  });

  it('shows its maintenance page when it has come back from the dead, instead of staying out', async () => {
    const backend = await startScripted('a', faults.resetsBeforeTheHead);
    const circuitBreaker = { volumeThreshold: 1, openFor: '100ms' };
    const gateway = await gatewayTo([backend], { retries: { attempts: 0 }, circuitBreaker });
    expect((await request(gateway.port)).status).toBe(502);
    expect(await opened(gateway)).toBe(1);
    backend.behaviour = call => call.answer(503, { body: 'starting' });
    await eventually(async () => expect((await request(gateway.port)).text).toBe('starting'));
    expect(await many(gateway, '/')).toEqual([503]);
    expect(await opened(gateway)).toBe(1);
  });
});

describe('the last backend in use', () => {
  it('is not taken out by its failing statuses', async () => {
    const [first, second] = [await pages('a'), await pages('b')];
    const circuitBreaker = { volumeThreshold: 3, maxOpen: '90%' };
    const gateway = await gatewayTo([first, second], { retries: { attempts: 0 }, circuitBreaker });
    expect(await many(gateway, '/503', 40)).toEqual([503]);
    expect(await opened(gateway)).toBe(1);
    expect((await request(gateway.port, { path: '/other' })).status).toBe(200);
  });
});
