import { describe, expect, it } from 'vitest';
import { answer, startBackend } from '../support/backend.js';
import { request } from '../support/client.js';
import { startOtlpReceiver } from '../support/otlp-receiver.js';
import { metricAt } from '../support/operator.js';
import { startGateway } from '../support/program.js';

describe('a program of two workers', () => {
  it('exports the spans of each thread, and at its end those that are left, with the token that only it knows', async () => {
    const receiver = await startOtlpReceiver();
    const backend = await startBackend(answer(200));
    const gateway = await startGateway(
      {
        upstreams: { app: { backends: [backend.url] } },
        workers: 2,
        tracing: { otlp: receiver.url, sample: '100%', headers: { authorization: 'Bearer ${COLLECTOR_TOKEN}' } },
      },
      { env: { COLLECTOR_TOKEN: 'planted' } },
    );
    const ids: (string | undefined)[] = [];
    // The system deals connections out: in one of 10^11 runs all of them go to one thread.
    for (let round = 0; round < 40; round++) ids.push((await request(gateway.port)).header('x-request-id'));
    expect(await metricAt(gateway.adminPort, 'gatehouse_trace_spans_total', { result: 'failed' })).toBe(0);
    expect(await gateway.stop()).toMatchObject({ code: 0 });
    const all = ids.map(id => receiver.of(id));
    expect(all.filter(each => each?.clients.length !== 1)).toEqual([]);
    const workers = new Set(all.map(each => each?.server.resource['gatehouse.worker']));
    const instances = new Set(all.map(each => each?.server.resource['service.instance.id']));
    expect([[...workers].sort(), instances.size]).toEqual([[1, 2], 2]);
    expect(new Set(receiver.messages.map(({ headers }) => headers.authorization))).toEqual(new Set(['Bearer planted']));
    expect(gateway.stdout + gateway.stderr + receiver.text).not.toContain('planted');
  });
});
