import { describe, expect, it } from 'vitest';
import { answer, startBackend } from '../support/backend.js';
import { connectRaw } from '../support/client.js';
import { startInProcess } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { startRawBackend } from '../support/raw-backend.js';
import { accessLineOf } from '../support/scene.js';

const listener = (limits: object) => [{ name: 'web', host: '127.0.0.1', port: 0, limits }];
const upload = 'POST /upload HTTP/1.1\r\nHost: a.example\r\nContent-Length: 100000\r\n\r\n';

describe('a client that sends its body too slowly', () => {
  it('gets a 408, after five seconds in which it was waited for, and the backend loses nothing by it', async () => {
    const backend = await startRawBackend();
    const gateway = await startInProcess({
      listeners: listener({ minBodyRate: '1kb' }),
      upstreams: { app: { backends: [backend.url] } },
    });
    const client = await connectRaw(gateway.port);
    const began = performance.now();
    client.send(upload);
    const dripping = setInterval(() => client.send('x'), 100);
    const response = await client.response({ timeout: 10_000 });
    clearInterval(dripping);
    expect(performance.now() - began).toBeGreaterThan(4_900);
    expect(performance.now() - began).toBeLessThan(8_000);
    expect(response).toMatchObject({ status: 408, clean: true });
    expect(response.header('x-gateway-error')).toBe('CLIENT_TIMEOUT');
    expect(response.header('connection')).toBe('close');
    const line = await accessLineOf(gateway);
    expect(line).toMatchObject({ status: 408, error: 'CLIENT_TIMEOUT', path: '/upload' });
    expect(String(line.reason)).toMatch(/^\d+ bytes in \d+ ms of waiting$/);
    await eventually(() => backend.connections.every(({ socket }) => socket.destroyed));
  });
});
