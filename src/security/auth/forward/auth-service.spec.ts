import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startBackend, type BackendHandler } from '../../../../test/support/backend.js';
import { closeLater } from '../../../../test/support/cleanup.js';
import { eventually } from '../../../../test/support/poll.js';
import { GatewayError } from '../../../http/gateway-error.js';
import { AuthService } from './auth-service.js';

// Timers stand still, so that no connection is closed because it has been idle for some time.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

const closed = { what: 'the close' };

/** A service whose answers are given when the test says so. */
async function setUp() {
  const answers: (() => void)[] = [];
  let waits = false;
  const handler: BackendHandler = (_request, response) => {
    if (waits) answers.push(() => response.writeHead(204).end());
    else response.writeHead(204).end();
  };
  const server = await startBackend(handler);
  const service = new AuthService({ url: `${server.url}/verify`, timeout: 20_000 });
  closeLater(() => service.end());
  const ask = async (): Promise<number | string> => {
    const answer = await service.ask([]);
    return answer instanceof GatewayError ? answer.code : answer.status;
  };
  const wait = (): void => void (waits = true);
  const untilAsked = (count: number) => eventually(() => answers.length === count, { what: 'the question' });
  return { server, service, ask, answers, wait, untilAsked };
}

describe('an auth service that is retired', () => {
  it('closes its idle connections at once, and answers what is still asked without keeping any', async () => {
    const { server, service, ask } = await setUp();
    expect(await ask()).toBe(204);
    expect(server.openConnections).toBe(1);
    await service.retire();
    await eventually(() => server.openConnections === 0, closed);
    expect([await ask(), await ask()]).toEqual([204, 204]);
    await eventually(() => server.openConnections === 0, closed);
  });

  it('answers what is under way before it has nothing left', async () => {
    const { server, service, ask, answers, wait, untilAsked } = await setUp();
    wait();
    const early = ask();
    await untilAsked(1);
    let isOver = false;
    const over = service.retire().then(() => (isOver = true));
    const late = ask();
    await untilAsked(2);
    expect(isOver).toBe(false);
    for (const answer of answers) answer();
    expect([await early, await late]).toEqual([204, 204]);
    await over;
    await eventually(() => server.openConnections === 0, closed);
  });

  it('can be ended before what is under way has been answered', async () => {
    const { server, service, ask, wait, untilAsked } = await setUp();
    wait();
    const early = ask();
    await untilAsked(1);
    const over = service.retire();
    const late = ask();
    await untilAsked(2);
    await service.end();
    expect([await early, await late]).toEqual(['AUTH_UNAVAILABLE', 'AUTH_UNAVAILABLE']);
    await over;
    await eventually(() => server.openConnections === 0, closed);
  });
});
