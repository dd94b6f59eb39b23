import { expect, it } from 'vitest';
import { figure } from '../support/figure.js';
import { startBackendProcess } from '../support/backend-process.js';
import { shareOf, startLoad } from '../support/load.js';
import { vetoesAt } from '../support/operator.js';
import { eventually } from '../support/poll.js';
import { startGateway } from '../support/program.js';

const probeInterval = 500;

it(
  'no client notices that one of three backends is killed under load and comes back',
  { timeout: 60_000 },
  async () => {
    const backends = await Promise.all(['a', 'b', 'c'].map(name => startBackendProcess(name)));
    const [, victim] = backends as [unknown, (typeof backends)[0]];
    const gateway = await startGateway({
      logging: { access: { enabled: false } },
      upstreams: {
        app: {
          backends: backends.map(({ url }) => url),
          circuitBreaker: { openFor: '1s' },
          healthCheck: { interval: `${probeInterval}ms`, timeout: '400ms', healthyAfter: 1 },
        },
      },
    });
    const { port, adminPort } = gateway;
    const load = startLoad(port, { connections: 200 });
    const shareOfVictim = (): number => shareOf(load.answers.slice(-300), victim.name);
    await eventually(() => load.answers.length > 1000 && shareOfVictim() > 0.2, { deadline: 10_000 });

    await victim.kill();
    const killed = load.answers.length;
    await eventually(() => shareOfVictim() === 0, { what: 'the end of answers of the killed one' });
    await eventually(async () => (await vetoesAt(adminPort))[victim.id]?.includes('unhealthy') ?? false);
    await eventually(() => load.answers.length > killed + 1000, { deadline: 10_000 });
    expect(load.errors).toEqual({});

    await victim.start();
    const started = performance.now();
    await eventually(() => shareOfVictim() > 0.2, { what: 'traffic at the restarted one' });
    const back = performance.now() - started;
    await load.stop();
    figure(
      `kill -9 under ${load.answers.length} requests on 200 connections: ${Object.keys(load.errors).length} errors; ` +
        `back in its share ${back.toFixed(0)} ms after it listened`,
    );
    expect(load.errors).toEqual({});
    // It is healthy at the first probe after it listens: traffic is back within 2 s of that.
    expect(back).toBeLessThan(probeInterval + 2000);
    expect(await vetoesAt(adminPort)).toMatchObject({ [victim.id]: [] });
  },
);

it('clients that post without a body notice neither, unless their request was under way at the killed one', async () => {
  const backends = await Promise.all(['a', 'b', 'c'].map(name => startBackendProcess(name)));
  const [victim] = backends as [(typeof backends)[0]];
  const { port } = await startGateway({
    logging: { access: { enabled: false } },
    upstreams: { app: { backends: backends.map(({ url }) => url), circuitBreaker: { openFor: '1s' } } },
  });
  const connections = 20;
  const load = startLoad(port, { connections, method: 'POST' });
  await eventually(() => load.answers.length > 500, { deadline: 10_000 });
  await victim.kill();
  const killed = load.answers.length;
  await eventually(() => load.answers.length > killed + 1000, { deadline: 10_000 });
  await load.stop();
  const { '502 RESET': reset = 0, ...others } = load.errors;
  expect(others).toEqual({});
  expect(reset).toBeLessThanOrEqual(connections);
});
