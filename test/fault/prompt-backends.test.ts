import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { request } from '../support/client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';

/** A server in a thread of its own that answers at once, also while the event loop of the gateway is busy. */
const prompt = `
const { parentPort } = require('node:worker_threads');
const server = require('node:net').createServer(socket => {
  let text = '';
  socket.on('error', () => {}).on('data', chunk => {
    text += chunk;
    const ended = text.startsWith('POST') ? text.endsWith('0\\r\\n\\r\\n') : text.endsWith('\\r\\n\\r\\n');
    if (ended) socket.end('HTTP/1.1 200 OK\\r\\nContent-Length: 4\\r\\nConnection: close\\r\\n\\r\\nreal');
  });
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

describe('a backend that answers at once while the gateway is busy', () => {
  let worker: Worker;
  let gateway: InProcessGateway;
  let spins = true;

  beforeAll(async () => {
    worker = new Worker(prompt, { eval: true });
    const port = await new Promise<number>(resolve => void worker.once('message', resolve));
    const backends = [`http://127.0.0.1:${port}`];
    const never = { retries: { attempts: 0 }, circuitBreaker: { enabled: false } };
    gateway = await startInProcess({
      upstreams: { a: { backends, ...never }, b: { backends, ...never, forwarder: 'http-proxy-middleware' } },
      routes: [
        { match: { path: '/a' }, upstream: 'a' },
        { match: { path: '/b' }, upstream: 'b' },
      ],
    });
    // Each turn of the event loop takes so long that an answer comes before the next.
    setImmediate(function spin() {
      const until = performance.now() + 5;
      while (performance.now() < until);
      if (spins) setImmediate(spin);
    });
  });

  afterAll(async () => {
    spins = false;
    await worker.terminate();
  });

  it.each([
    ['a GET', '/a', {}],
    ['a GET that may have trailers in its answer', '/a', { headers: { te: 'trailers', connection: 'te' } }],
    ['a GET by http-proxy-middleware', '/b', {}],
    ['a chunked upload', '/a', { method: 'POST', body: 'x', headers: { 'transfer-encoding': 'chunked' } }],
    [
      'a chunked upload by http-proxy-middleware',
      '/b',
      { method: 'POST', body: 'x', headers: { 'transfer-encoding': 'chunked' } },
    ],
  ])('is not taken for one that has spoken unasked: %s', async (_, path, options) => {
    for (let number = 0; number < 5; number++) {
      const { status, text } = await request(gateway.port, { path, ...options });
      expect([status, text]).toEqual([200, 'real']);
    }
  });
});
