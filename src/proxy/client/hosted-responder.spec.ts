import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../../../test/support/cleanup.js';
import { eventually } from '../../../test/support/poll.js';
import { HostedMessage } from './hosted-message.js';
import type { ListenerInfo } from './listener-info.js';
import { HostedResponder } from './hosted-responder.js';

/** What a client gets for its request, until the connection ends. */
async function answered(
  head: string,
  answer: (responder: HostedResponder, response: ServerResponse) => unknown,
  listener: ListenerInfo = { name: 'a', scheme: 'http', port: 1, unix: false, draining: false },
) {
  const server = createServer((request: IncomingMessage, response) => {
    response.sendDate = false;
    void answer(new HostedResponder(response, new HostedMessage(request, '/'), listener), response);
  }).listen(0, '127.0.0.1');
  closeLater(() => server.close());
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  closeLater(() => client.destroy());
  let text = '';
  let error: string | undefined;
  client.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  client.on('error', ({ code }: NodeJS.ErrnoException) => (error = code));
  client.write(`${head}\r\n\r\n`);
  await eventually(() => client.closed, { what: 'the end of the connection' });
  return { text, error };
}

const get = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close';

describe('an answer through the server of an application', () => {
  it('has the fields as they are, in their order, and a reason of its own', async () => {
    const { text } = await answered(get, responder => {
      responder.head(299, 'Fine', ['X-b', '1', 'a', '2', 'x-B', '3']);
      responder.write(Buffer.from('abc'));
      responder.end(['X-Sum', '1', 'bad name', '2']);
    });
    expect(text.replace('Connection: close\r\n', '')).toBe(
      'HTTP/1.1 299 Fine\r\nX-b: 1\r\na: 2\r\nx-B: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n',
    );
  });

  it('is sent without the fields that nothing can write', async () => {
    const { text } = await answered(get, responder =>
      responder.send(200, ['X-A', 'a\nb', 'X-B', '1', 'Content-Length', '2'], 'ok'),
    );
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\nX-B: 1\r\nContent-Length: 2\r\n/);
    expect(text.endsWith('\r\n\r\nok')).toBe(true);
  });

  it('shows its head before anything of its body has come', async () => {
    const { text } = await answered(get, (responder, response) => {
      responder.head(200, '', ['X-A', '1']);
      expect([responder.headSent, response.headersSent]).toEqual([true, true]);
      setImmediate(() => setImmediate(() => responder.abort()));
    });
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\nX-A: 1\r\n/);
    expect(text).not.toContain('0\r\n\r\n');
  });

  it('ends with a reset where a close would look like the end of its body', async () => {
    const { error } = await answered('GET / HTTP/1.0', responder => {
      responder.head(200, '', []);
      responder.write(Buffer.from('abc'));
      responder.abort();
    });
    expect(error).toBe('ECONNRESET');
  });

  it('ends its connection while the gateway drains', async () => {
    const draining = { name: 'a', scheme: 'http', port: 1, unix: false, draining: true } as const;
    const { text } = await answered(
      'GET / HTTP/1.1\r\nHost: a',
      responder => responder.send(200, ['Content-Length', '0'], ''),
      draining,
    );
    expect(text).toContain('Connection: close');
  });

  it('has no body, no length but the given, and no trailers for HEAD', async () => {
    const { text } = await answered(get.replace('GET', 'HEAD'), responder => {
      responder.head(200, '', ['Content-Length', '3', 'Trailer', 'X-Sum']);
      expect(responder.write(Buffer.from('abc'))).toBe(true);
      responder.end(['X-Sum', '1']);
    });
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n$/);
  });

  it('gives interim responses that Node can write, and drops the others', async () => {
    const { text } = await answered(get, responder => {
      responder.informational(103, ['Link', '</a>; rel=preload']);
      responder.informational(103, ['Link', 'nonsense']);
      responder.informational(100, []);
      responder.informational(199, []);
      responder.send(204, [], '');
      responder.informational(102, []);
    });
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 103', 'HTTP/1.1 204']);
  });

  it('stops what it comes from while its client does not read, and has it go on', async () => {
    let resumed = 0;
    await answered(get, responder => {
      responder.head(200, '', []);
      responder.source = {
        resume: () => {
          resumed++;
          responder.end();
        },
      };
      let flows = true;
      while (flows) flows = responder.write(Buffer.alloc(64 * 1024));
      expect(responder.unsent).toBeGreaterThan(0);
    });
    expect(resumed).toBe(1);
  });

  it('does nothing once its client has gone', async () => {
    await answered(get, (responder, response) => {
      response.socket!.destroy();
      response.once('close', () => {
        responder.head(200, '', []);
        expect(responder.write(Buffer.from('a'))).toBe(true);
        responder.end();
        responder.send(200, [], 'a');
        responder.abort();
        expect(responder.switchProtocols('websocket', [])).toBeUndefined();
      });
    });
  });
});
