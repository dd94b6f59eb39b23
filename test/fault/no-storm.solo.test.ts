import { expect, it } from 'vitest';
import { figure } from '../support/figure.js';
import { failing } from '../support/faults.js';
import { startInProcess } from '../support/in-process.js';
import { startLoad } from '../support/load.js';
import { vetoesAt } from '../support/operator.js';
import { eventually } from '../support/poll.js';
import { startScripted } from '../support/scripted-backend.js';

/** How many requests are made: longer than a circuit stays open. */
const count = 1800;

it('when all backends fail half of their requests, retries make no storm and breakers no outage', async () => {
  const names = ['a', 'b', 'c'];
  const backends = await Promise.all(names.map((name, index) => startScripted(name, failing(0.5, 503, index + 1))));
  const gateway = await startInProcess({
    logging: { access: { enabled: false } },
    upstreams: { app: { backends: backends.map(({ url }) => url), circuitBreaker: { openFor: '1s' } } },
  });
  const load = startLoad(gateway.port, { connections: 32, rate: 600 });
  const started = performance.now();
  let fewestAvailable = backends.length;
  await eventually(
    async () => {
      const vetoes = Object.values(await vetoesAt(gateway.adminPort));
      fewestAvailable = Math.min(fewestAvailable, vetoes.filter(list => list.length === 0).length);
      return load.answers.length >= count;
    },
    { deadline: 25_000, interval: 50 },
  );
  const answers = await load.stop();
  const seconds = (performance.now() - started) / 1000;
  const calls = backends.reduce((sum, backend) => sum + backend.calls.length, 0);
  const failed = answers.filter(({ error }) => error !== undefined).length / answers.length;
  figure(
    `three backends fail half of the time, ${(answers.length / seconds).toFixed(0)} requests/s: ` +
      `${(calls / answers.length).toFixed(3)} backend requests for each, clients see ${(100 * failed).toFixed(1)} % errors, ` +
      `at least ${fewestAvailable} of 3 backends available`,
  );
  // Enough that ten retries a second, which are always allowed, are less than a fifth; thirty are allowed at the start.
  expect(answers.length / seconds).toBeGreaterThan(60);
  expect(calls).toBeLessThanOrEqual(1.22 * answers.length + 30);
  expect(failed).toBeLessThan(0.52);
  expect(fewestAvailable).toBeGreaterThanOrEqual(1);
  // The backends' own failures are passed on; the gateway adds none of its own.
  expect(Object.keys(load.errors)).toEqual(['503 of the backend']);
});
