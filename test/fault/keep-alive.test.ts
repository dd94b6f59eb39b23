import { beforeAll, describe, expect, it } from 'vitest';
import { closesAnnounced, closesSilently, resetsAfter } from '../support/faults.js';
import { type InProcessGateway, startInProcess } from '../support/in-process.js';
import { errorsOf, sendLoad } from '../support/load.js';
import { startScripted, type ScriptedBackend } from '../support/scripted-backend.js';
import { scaled } from '../support/scale.js';

const connections = scaled(10, 50);
/** Requests that a backend takes on one connection. All connections come to their last one at about the same time. */
const most = scaled(10, 100);
/** Enough for all connections to be replaced, and once more. */
const count = scaled(300, 11_000);

const behaviours = {
  announced: closesAnnounced(most),
  silent: closesSilently(most),
  reset: resetsAfter(most),
  single: closesSilently(1),
};

let gateway: InProcessGateway;
const backends = {} as Record<keyof typeof behaviours, ScriptedBackend>;

beforeAll(async () => {
  for (const [name, behaviour] of Object.entries(behaviours)) {
    backends[name as keyof typeof behaviours] = await startScripted(name, behaviour);
  }
  gateway = await startInProcess({
    logging: { access: { enabled: false } },
    upstreams: Object.fromEntries(Object.entries(backends).map(([name, { url }]) => [name, { backends: [url] }])),
    routes: Object.keys(backends).map(upstream => ({ match: { path: `/${upstream}/*` }, upstream })),
  });
});

async function expectNoError(of: keyof typeof behaviours, options: { count: number; method?: string }): Promise<void> {
  const answers = await sendLoad(gateway.port, { connections, path: number => `/${of}/${number}`, ...options });
  expect(errorsOf(answers)).toEqual({});
  expect(await gateway.metric('gatehouse_circuit_state', { backend: backends[of].id })).toBe(0);
  expect(await gateway.metric('gatehouse_circuit_transitions_total')).toBe(0);
}

describe.each([
  [`says so in its ${most}th answer`, 'announced'],
  [`closes right behind the ${most}th answer without a word`, 'silent'],
  [`resets the connection when request ${most + 1} arrives`, 'reset'],
] as const)(`a backend that gives each connection ${most} requests and %s`, (_, name) => {
  it.each(['GET', 'POST'])('costs no client a %s, and is not held to be failing', async method => {
    const before = backends[name].connections;
    await expectNoError(name, { count, method });
    expect(backends[name].connections - before).toBeGreaterThanOrEqual(count / most - connections);
  });
});

it('a backend that closes after every single answer costs no client a request either', async () => {
  await expectNoError('single', { count: scaled(100, 2000) });
});
