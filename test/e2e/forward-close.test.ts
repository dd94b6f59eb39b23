import { describe, expect, it } from 'vitest';
import { keepAliveAgent } from '../support/client.js';
import { openStream } from '../support/event-stream.js';
import { answers, startForwarding } from '../support/forwarding-host.js';
import { platforms } from '../support/host-app.js';
import { eventually } from '../support/poll.js';

describe.each(platforms)('app.close() under load, on %s', platform => {
  it('loses no request that is forwarded', async () => {
    const host = await startForwarding(platform);
    let count = 0;
    const results: unknown[] = [];
    /** Asks until it is told that its connection ends. */
    const client = async (): Promise<void> => {
      const agent = keepAliveAgent();
      for (let ends = false; !ends; count++) {
        const response = await host.ask('/raw/slow', { agent }).catch((error: unknown) => error as Error);
        results.push(response instanceof Error ? response : response.text);
        ends = response instanceof Error || response.header('connection') === 'close';
      }
    };
    const clients = Array.from({ length: 16 }, client);
    await eventually(() => count > 40);
    await host.app.close();
    await Promise.all(clients);
    expect(new Set(results)).toEqual(new Set(['late']));
    expect(host.log().filter(({ status }) => status !== undefined && status !== 200)).toEqual([]);
  });

  it('ends event streams and answers what is under way', async () => {
    const host = await startForwarding(platform);
    answers['/raw/events'] = (_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write('data: one\n\n');
    };
    const stream = await openStream(host.port, { path: '/raw/events', headers: { accept: 'text/event-stream' } });
    const late = host.ask('/raw/slow');
    await eventually(() => host.backend.requests.length === 2);
    await host.app.close();
    expect((await late).text).toBe('late');
    expect([await stream.end(), stream.events]).toEqual(['end', 'data: one\n\n']);
  });
});
