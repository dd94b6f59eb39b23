import { describe, expect, it } from 'vitest';
import { startBackend } from '../support/backend.js';
import { connectRaw, request } from '../support/client.js';
import { eventually } from '../support/poll.js';
import { gatewayTo } from '../support/scene.js';

const head = (fields: string): string => `POST /up HTTP/1.1\r\nHost: a.example\r\n${fields}\r\n\r\n`;

describe('clients that send their bodies slowly', () => {
  it('hold no place at a backend while a body of declared size up to bufferRequest is still coming', async () => {
    const backend = await startBackend();
    const gateway = await gatewayTo([backend], { connections: { max: 1, queue: 1 } });
    const slow = await Promise.all(Array.from({ length: 5 }, () => connectRaw(gateway.port)));
    for (const client of slow) client.send(`${head('Content-Length: 5')}ab`);
    await eventually(async () => (await gateway.metric('gatehouse_requests_in_flight')) === 5);
    expect(await request(gateway.port)).toMatchObject({ status: 200 });
    expect(await gateway.metric('gatehouse_backend_in_flight')).toBe(0);
    slow[0]!.send('cde');
    expect(await slow[0]!.response()).toMatchObject({ status: 200 });
    expect(backend.requests.map(({ body }) => body.toString())).toContain('abcde');
  });

  it('hold at most half of the places at a backend while bodies of other sizes are still coming', async () => {
    const backend = await startBackend();
    const gateway = await gatewayTo([backend], { connections: { max: 4, queue: 4, queueTimeout: '30s' } });
    const slow = await Promise.all(Array.from({ length: 4 }, () => connectRaw(gateway.port)));
    for (const client of slow) client.send(`${head('Transfer-Encoding: chunked')}1\r\na\r\n`);
    await eventually(async () => (await gateway.metric('gatehouse_backend_sending')) === 2);
    await eventually(async () => (await gateway.metric('gatehouse_requests_in_flight')) === 4);
    const answers = await Promise.all(Array.from({ length: 8 }, () => request(gateway.port)));
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(4);
    expect(await gateway.metric('gatehouse_backend_in_flight')).toBe(2);
    for (const client of slow) client.send('0\r\n\r\n');
    for (const client of slow) expect(await client.response()).toMatchObject({ status: 200 });
    expect(await gateway.metric('gatehouse_backend_sending')).toBe(0);
  });
});
