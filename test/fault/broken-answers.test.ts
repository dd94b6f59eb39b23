import { describe, expect, it } from 'vitest';
import { startBackendProcess } from '../support/backend-process.js';
import { faults } from '../support/faults.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { errorsOf, sendLoad, startLoad, tookOf } from '../support/load.js';
import { eventually } from '../support/poll.js';
import { startScripted } from '../support/scripted-backend.js';
import { Upstreams } from '../../src/upstream/upstreams.js';

const volume = 20;
const connections = 8;

/** A gateway to two good backends and a bad one between them, whose circuit stays open once it is. */
async function gatewayTo(bad: string, upstream: object = {}): Promise<InProcessGateway> {
  const [a, c] = await Promise.all(['a', 'c'].map(name => startScripted(name)));
  return startInProcess({
    upstreams: {
      app: {
        backends: [a?.url, { url: bad, id: 'bad' }, c?.url],
        timeouts: { connect: '300ms', response: '600ms' },
        circuitBreaker: { openFor: '60s', volumeThreshold: volume },
        ...upstream,
      },
    },
  });
}

/** Loads the gateway until the circuit of the bad one is open; gives the errors that clients saw until then. */
async function errorsUntilOpen(gateway: InProcessGateway): Promise<Record<string, number>> {
  const load = startLoad(gateway.port, { connections, rate: 400 });
  const { backends } = gateway.gateway.app.get(Upstreams).get('app');
  const isOpen = (): boolean => backends.some(({ id, vetoes }) => id === 'bad' && vetoes.has('circuit-open'));
  await eventually(isOpen, {
    // The length of the window: the broken backend must be out by then.
    deadline: 10_000,
    what: 'the circuit of the bad one opened',
  });
  return errorsOf(await load.stop());
}

/** The errors that clients see in 200 requests while the circuit is open. */
async function errorsOnceOpen({ port }: InProcessGateway): Promise<Record<string, number>> {
  return errorsOf(await sendLoad(port, { connections, count: 200 }));
}

/** Refuses each connection: the port was its own a moment ago. */
async function refused(): Promise<string> {
  const backend = await startScripted('b');
  await backend.stop();
  return backend.url;
}

async function blackhole(): Promise<string> {
  const backend = await startBackendProcess('b', { backlog: 1 });
  await backend.blackhole();
  return backend.url;
}

async function frozen(): Promise<string> {
  const backend = await startBackendProcess('b');
  await backend.freeze();
  return backend.url;
}

const scripted = (fault: keyof typeof faults) => async (): Promise<string> =>
  (await startScripted('b', faults[fault])).url;

/** Enough time for another try, even if the machine pauses for a moment. */
const patient = { timeouts: { connect: '300ms', response: '20s' } };

describe('beside two good backends, clients do not notice one that', () => {
  it.each([
    ['refuses connections', refused],
    ['lets connections hang in the network', blackhole],
    ['resets instead of answering', scripted('resetsBeforeTheHead')],
    ['resets in the middle of the head', scripted('resetsInTheHead')],
  ])('%s, and its circuit opens', async (_, start) => {
    const gateway = await gatewayTo(await start(), patient);
    expect(await errorsUntilOpen(gateway)).toEqual({});
    expect(await errorsOnceOpen(gateway)).toEqual({});
  });

  it('lets connections hang in the network: no client waits longer than timeouts.connect for them', async () => {
    // Without that limit, the client would give up long before.
    const gateway = await gatewayTo(await blackhole(), { timeouts: { connect: '300ms', response: '60s' } });
    const answers = await sendLoad(gateway.port, { connections, count: 24 });
    expect(errorsOf(answers)).toEqual({});
    const longest = Math.max(...answers.map(tookOf));
    expect(longest).toBeGreaterThan(290);
  });

  it('sends a second answer without a request: no client gets it', async () => {
    const gateway = await gatewayTo(await scripted('sendsTwoAnswers')(), patient);
    const answers = await sendLoad(gateway.port, { connections, count: 600 });
    expect(errorsOf(answers)).toEqual({});
    expect(answers.filter(({ backend }) => backend === 'b').length).toBeGreaterThan(0);
  });
});

describe('beside two good backends, a few clients see the truth about one that', () => {
  it.each([
    ['resets in the middle of the body', scripted('resetsInTheBody'), 'broken after 100 bytes'],
    ['ends the body before its length', scripted('sendsAShortBody'), 'broken after 100 bytes'],
    ['ends the body before the last chunk', scripted('endsWithoutTheLastChunk'), 'broken after 3 bytes'],
    ['does not speak HTTP', scripted('sendsGarbage'), '502 PROTOCOL'],
    ['takes connections and reads nothing', frozen, '504 HEAD_TIMEOUT'],
  ])('%s, until its circuit opens', async (_, start, truth) => {
    const gateway = await gatewayTo(await start());
    const errors = await errorsUntilOpen(gateway);
    expect(Object.keys(errors)).toEqual([truth]);
    expect(errors[truth]).toBeGreaterThanOrEqual(volume);
    // What was under way when it opened may still end badly; `eventually` looks at the veto every few milliseconds.
    expect(errors[truth]).toBeLessThanOrEqual(volume + 2 * connections);
    expect(await errorsOnceOpen(gateway)).toEqual({});
  });
});
