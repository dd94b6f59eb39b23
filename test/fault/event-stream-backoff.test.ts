import { describe, expect, it } from 'vitest';
import { eventually } from '../support/poll.js';
import { openStream } from '../support/event-stream.js';
import { gatewayTo } from '../support/scene.js';
import { startScripted, type Behaviour } from '../support/scripted-backend.js';

/** Takes a stream on, sends one event, and dies. */
const sendsOneAndDies: Behaviour = call => {
  call.send(`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nid: ${call.number}\ndata: x\n\n`);
  setImmediate(() => call.reset());
};

const resume = { sse: { resume: true } };

describe('a resumed event stream whose backend sends one event and dies', () => {
  it('is asked for less and less often', async () => {
    const backend = await startScripted('a', sendsOneAndDies);
    const gateway = await gatewayTo([backend], {}, resume);
    const stream = await openStream(gateway.port);
    await eventually(() => backend.calls.length >= 5);
    const gaps = backend.calls.slice(1).map(({ at }, index) => at - backend.calls[index]!.at);
    for (const [index, gap] of gaps.slice(0, 4).entries()) expect(gap).toBeGreaterThan(49 * 2 ** index);
    stream.leave();
  });

  it('takes its tries from the retry budget, so that a crowd of them is no storm', async () => {
    const backend = await startScripted('a', sendsOneAndDies);
    const began = performance.now();
    const gateway = await gatewayTo([backend], { retries: { budget: '0%' } }, resume);
    const streams = await Promise.all(Array.from({ length: 50 }, () => openStream(gateway.port)));
    await eventually(async () => (await gateway.metric('gatehouse_retries_withheld_total')) > 0);
    await eventually(() => backend.calls.length > 82);
    const seconds = (performance.now() - began) / 1000;
    expect(backend.calls.length).toBeLessThanOrEqual(50 + 30 + 10 * seconds + 1);
    for (const stream of streams) stream.leave();
  });
});
