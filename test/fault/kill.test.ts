import { expect, it } from 'vitest';
import { figure } from '../support/figure.js';
import { type BackendProcess, startBackendProcess } from '../support/backend-process.js';
import { startInProcess } from '../support/in-process.js';
import { shareOf, startLoad, type Load } from '../support/load.js';
import { vetoesAt } from '../support/operator.js';
import { eventually } from '../support/poll.js';
import { startScripted } from '../support/scripted-backend.js';

const probeInterval = 500;

/** The URLs of three backends, of which only this one can be killed. */
async function withTwoOthers({ url }: BackendProcess): Promise<string[]> {
  const [a, c] = [await startScripted('a'), await startScripted('c')];
  return [a.url, url, c.url];
}

it(
  'no client notices that one of three backends is killed under load and comes back',
  { timeout: 60_000 },
  async () => {
    const victim = await startBackendProcess('b');
    const gateway = await startInProcess({
      logging: { access: { enabled: false } },
      upstreams: {
        app: {
          backends: await withTwoOthers(victim),
          circuitBreaker: { openFor: '1s' },
          healthCheck: { interval: `${probeInterval}ms`, timeout: '400ms', healthyAfter: 1 },
        },
      },
    });
    const { port, adminPort } = gateway;
    const load = startLoad(port, { connections: 40 });
    const shareOfVictim = ({ answers }: Load): number => shareOf(answers.slice(-150), victim.name);
    await eventually(() => load.answers.length > 400 && shareOfVictim(load) > 0.2, { deadline: 10_000 });

    await victim.kill();
    const killed = load.answers.length;
    await eventually(() => load.answers.length > killed + 300, { deadline: 10_000 });
    await eventually(() => shareOfVictim(load) === 0, { what: 'the end of answers of the killed one' });
    await load.stop();
    expect(load.errors).toEqual({});
    await eventually(async () => (await vetoesAt(adminPort))[victim.id]?.includes('unhealthy') ?? false);

    const later = startLoad(port, { connections: 10, rate: 300 });
    await victim.start();
    const started = performance.now();
    await eventually(() => shareOfVictim(later) > 0.2, { what: 'traffic at the restarted one' });
    const back = performance.now() - started;
    await later.stop();
    figure(
      `kill -9 under ${load.answers.length} requests on 40 connections: ${Object.keys(load.errors).length} errors; ` +
        `back in its share ${back.toFixed(0)} ms after it listened`,
    );
    expect(later.errors).toEqual({});
    expect(await vetoesAt(adminPort)).toMatchObject({ [victim.id]: [] });
  },
);

it('clients that post without a body notice neither, unless their request was under way at the killed one', async () => {
  const victim = await startBackendProcess('b');
  const { port } = await startInProcess({
    logging: { access: { enabled: false } },
    upstreams: { app: { backends: await withTwoOthers(victim), circuitBreaker: { openFor: '1s' } } },
  });
  const connections = 20;
  const load = startLoad(port, { connections, method: 'POST' });
  await eventually(() => load.answers.length > 300, { deadline: 10_000 });
  await victim.kill();
  const killed = load.answers.length;
  await eventually(() => load.answers.length > killed + 300, { deadline: 10_000 });
  await load.stop();
  const { '502 RESET': reset = 0, ...others } = load.errors;
  expect(others).toEqual({});
  expect(reset).toBeLessThanOrEqual(connections);
});
