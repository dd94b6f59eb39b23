import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { FakeMessage } from '../../../test/support/fake-message.js';
import { backendAt, plainRequest, RecordedAttempt, upload } from '../../../test/support/forwarding.js';
import type { ClientMessage } from '../client/client-message.js';
import type { ForwardRequest } from './forwarder.js';
import { NodeAttempt } from './node-attempt.js';
import { PluginRequest, PluginResponse } from './plugin-messages.js';
import { pluginPipe } from './plugin-pipe.js';

const backend = backendAt('http://127.0.0.1:1');

/** What plug-ins get for a request with these parts. */
function shown(change: Partial<ForwardRequest> = {}, pipe?: ReturnType<typeof pluginPipe>): PluginRequest {
  const request = { ...plainRequest, ...change };
  const attempt = new NodeAttempt(request, new RecordedAttempt(), { connectTimeout: 0 });
  return new PluginRequest(request, backend, attempt, pipe);
}

/** The client's request as it came. */
function clientMessage(): ClientMessage {
  const socket = Object.assign(new Socket(), { server: {} });
  const head = { headers: { 'x-team': 'blue' }, rawHeaders: ['X-Team', 'blue'], httpVersion: '1.0', socket };
  return Object.assign(new FakeMessage(), head) as FakeMessage & typeof head;
}

describe('the request that plug-ins see', () => {
  it('has the method, the fields and the version of the client, and the path as it is forwarded', () => {
    const { method, url, headers, rawHeaders, httpVersion, httpVersionMajor, httpVersionMinor } = shown({
      method: 'DELETE',
      path: '/rewritten',
      message: clientMessage(),
    });
    expect([method, url, headers['x-team'], rawHeaders]).toEqual(['DELETE', '/rewritten', 'blue', ['X-Team', 'blue']]);
    expect([httpVersion, httpVersionMajor, httpVersionMinor]).toEqual(['1.0', 1, 0]);
  });

  it('has no fields that the library would copy into the request to the backend', () => {
    expect(Object.keys(shown({ message: clientMessage() }).headers)).toEqual([]);
    expect(Object.keys(shown({ upgrade: 'websocket' }).headers)).toEqual(['upgrade']);
  });

  it('has a body that is held, and none of one that is streamed', async () => {
    expect(await text(shown({ body: Buffer.from('held') }))).toBe('held');
    expect(await text(shown())).toBe('');
    expect(shown({ body: upload('4').body }).complete).toBe(false);
  });

  it('shows a server to the library for an upgrade only, and leaves the socket of the client as it is', () => {
    const message = clientMessage();
    const serverOf = (socket: Socket): unknown => (socket as Socket & { server?: unknown }).server;
    expect(serverOf(shown({ message }).socket)).toBeUndefined();
    expect(serverOf(shown({ message, upgrade: 'websocket' }, pluginPipe()).socket)).toEqual({});
    expect(serverOf(message.socket)).toEqual({});
  });
});

describe('the response that plug-ins see', () => {
  /** A response of the backend, after plug-ins have worked on it. */
  function changed(change: (view: PluginResponse, incoming: IncomingMessage) => void): readonly [number, string[]] {
    const incoming = {
      statusCode: 200,
      headers: { 'x-a': '1', 'set-cookie': ['a=1', 'b=2'], 'content-length': '2' },
      rawHeaders: ['X-A', '1', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'Content-Length', '2'],
    } as unknown as IncomingMessage;
    const view = new PluginResponse(shown());
    view.begin(incoming);
    change(view, incoming);
    view.complete(incoming);
    return [incoming.statusCode!, incoming.rawHeaders];
  }

  const untouched = ['X-A', '1', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'Content-Length', '2'];

  it('leaves the response of the backend as it came where nothing is changed', () => {
    expect(changed(() => {})).toEqual([200, untouched]);
  });

  it('puts fields that are set on it, and its status, into the response of the backend', () => {
    const [status, fields] = changed(view => {
      view.statusCode = 203;
      view.setHeader('X-A', '2');
      view.setHeader('X-Count', 3);
    });
    expect(status).toBe(203);
    expect(fields).toEqual([...untouched.slice(2), 'x-a', '2', 'x-count', '3']);
  });

  it('takes over what is changed or taken away in the head of the backend', () => {
    const [, fields] = changed((_, incoming) => {
      delete incoming.headers['x-a'];
      incoming.headers['set-cookie']!.push('c=3');
    });
    const cookies = ['set-cookie', 'a=1', 'set-cookie', 'b=2', 'set-cookie', 'c=3'];
    expect(fields).toEqual(['Content-Length', '2', ...cookies]);
  });

  it('leaves the framing of the body alone', () => {
    const [, fields] = changed((view, incoming) => {
      view.setHeader('Transfer-Encoding', 'chunked');
      incoming.headers['content-length'] = '99';
      incoming.headers.connection = 'close';
    });
    expect(fields).toEqual(untouched);
  });

  it('says that it is closed when it is let go of', () => {
    const view = new PluginResponse(shown());
    let closed = 0;
    view.on('close', () => closed++);
    view.release();
    expect(closed).toBe(1);
  });
});
