import http from 'node:http';
import { describe, expect, it } from 'vitest';
import { backendAt, plainRequest, upload } from '../../../test/support/forwarding.js';
import { startRawBackend } from '../../../test/support/raw-backend.js';
import type { ForwardRequest } from './forwarder.js';
import { addressOf, fieldsOf, sendHead } from './node-request.js';

describe('the address of a backend', () => {
  it.each([
    ['http://10.0.0.1:8080', undefined, { protocol: 'http:', hostname: '10.0.0.1', port: '8080' }],
    ['https://backend.test', undefined, { protocol: 'https:', hostname: 'backend.test', port: '' }],
    ['http://[::1]:81', undefined, { protocol: 'http:', hostname: '::1', port: '81' }],
    ['unix:/run/app.sock', '/run/app.sock', { protocol: 'http:', socketPath: '/run/app.sock' }],
  ])('%s is told as node:http takes it', (url, unix, address) => {
    expect(addressOf(backendAt(url, unix))).toEqual(address);
  });
});

describe('the fields of a request', () => {
  it.each<[string, Partial<ForwardRequest>, string[]]>([
    ['without anything particular are its own', {}, []],
    ['with an upgrade name it', { upgrade: 'websocket' }, ['Connection', 'Upgrade', 'Upgrade', 'websocket']],
    ['that takes trailers name TE for this hop', { acceptsTrailers: true }, ['Connection', 'keep-alive, TE']],
    ['whose client waits for a 100 ask for it', { expectsContinue: true }, ['Expect', '100-continue']],
    ['with a chunked body say so', { body: upload().body }, ['Transfer-Encoding', 'chunked']],
    ['with a body of a known length have no coding', { body: upload('5').body }, []],
    ['with a body that is held have no coding', { body: Buffer.from('held') }, []],
  ])('%s', (_, change, added) => {
    const request = { ...plainRequest, headers: ['Host', 'a', 'X-A', '1'], ...change };
    expect(fieldsOf(request)).toEqual(['Host', 'a', 'X-A', '1', ...added]);
    expect(request.headers.length).toBe(4);
  });
});

it('the head of a request is written before its body, as the very bytes', async () => {
  const backend = await startRawBackend();
  const client = http.request({ port: backend.port, method: 'POST', headers: ['Host', 'a', 'X-A', 'caf\xe9'] });
  client.on('error', () => {});
  sendHead(client);
  expect(await (await backend.connection()).head()).toContain('X-A: caf\xe9\r\n');
});
