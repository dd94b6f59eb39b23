import { ClientRequest, type ClientRequestArgs } from 'node:http';
import { duplexPair } from 'node:stream';
import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { leaveUnframed } from './bodiless-request.js';

const changed = 'Node: whether a request without a body is chunked is not decided where it was';

/** What a request writes before it ends. */
async function written(make: (options: ClientRequestArgs) => ClientRequest, method = 'MKCOL'): Promise<string> {
  const [near, far] = duplexPair();
  let text = '';
  far.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  const request = make({ method, createConnection: () => near as Socket });
  request.on('error', () => {}).end();
  await new Promise<void>(resolve => request.once('finish', resolve));
  await new Promise<void>(resolve => void setImmediate(resolve));
  request.destroy();
  return text;
}

const headers = ['Host', 'a'];
const unframed = /^\w+ \/ HTTP\/1\.1\r\nHost: a\r\nConnection: [\w-]+\r\n\r\n$/;

it.each(['MKCOL', 'POST', 'GET'])(
  'a %s of a library, whose fields are set one by one, can be left without framing',
  async method => {
    const oneByOne = (options: ClientRequestArgs): ClientRequest => {
      const request = new ClientRequest({ ...options, setHost: false });
      request.setHeader('Host', 'a');
      leaveUnframed(request);
      return request;
    };
    expect(await written(oneByOne, method), changed).toMatch(unframed);
  },
);

it("Node's own is chunked; when that is over, ours is not needed any more", async () => {
  expect(await written(options => new ClientRequest({ ...options, headers }))).toContain('Transfer-Encoding: chunked');
});
