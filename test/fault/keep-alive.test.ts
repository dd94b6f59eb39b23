import { describe, expect, it } from 'vitest';
import { closesAnnounced, closesSilently, resetsAfter } from '../support/faults.js';
import { startInProcess } from '../support/in-process.js';
import { errorsOf, sendLoad } from '../support/load.js';
import { startScripted, type Behaviour } from '../support/scripted-backend.js';
import { scaled } from '../support/scale.js';

const connections = scaled(12, 50);
/** All connections come to their hundredth request at about the same time. */
const count = scaled(1500, 6000);

const endings: readonly [string, Behaviour][] = [
  ['says so in its hundredth answer', closesAnnounced(100)],
  ['closes right behind the hundredth answer without a word', closesSilently(100)],
  ['resets the connection when request 101 arrives', resetsAfter(100)],
];

describe.each(endings)('a backend that gives each connection a hundred requests and %s', (_, behaviour) => {
  it.each(['GET', 'POST'])('costs no client a %s, and is not held to be failing', async method => {
    const backend = await startScripted('a', behaviour);
    const gateway = await startInProcess({
      logging: { access: { enabled: false } },
      upstreams: { app: { backends: [backend.url] } },
    });
    const answers = await sendLoad(gateway.port, { connections, count, method });
    expect(errorsOf(answers)).toEqual({});
    expect(backend.connections).toBeGreaterThanOrEqual(count / 100);
    expect(await gateway.metric('gatehouse_circuit_state', { backend: backend.id })).toBe(0);
    expect(await gateway.metric('gatehouse_circuit_transitions_total')).toBe(0);
  });
});

it('a backend that closes after every single answer costs no client a request either', async () => {
  const backend = await startScripted('a', closesSilently(1));
  const gateway = await startInProcess({ upstreams: { app: { backends: [backend.url] } } });
  const answers = await sendLoad(gateway.port, { connections: 10, count: 400 });
  expect(errorsOf(answers)).toEqual({});
  expect(await gateway.metric('gatehouse_circuit_transitions_total')).toBe(0);
});
