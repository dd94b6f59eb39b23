import { Module, type Provider } from '@nestjs/common';
import { request } from './client.js';
import { connectHttp2 } from './http2-client.js';
import type { InProcessGateway } from './in-process.js';
import { secureGatewayTo } from './secure-scene.js';
import { startBackend } from './backend.js';

/** What a client has got. */
export interface Answer {
  readonly status: number;
  readonly type: string | undefined;
  readonly text: string;
}

/** What a client of the test's own certificate says. */
export const tls = { rejectUnauthorized: false };
const upgrade = { ':method': 'CONNECT', ':protocol': 'websocket', 'sec-websocket-version': '13' };

/** A request of each kind that a gateway takes, to `/a?b=c`. */
export const kinds: Readonly<Record<string, (port: number) => Promise<Answer>>> = {
  'HTTP/1.1': async port => {
    const { status, text, header } = await request(port, { path: '/a?b=c', tls });
    return { status, text, type: header('content-type') };
  },
  'HTTP/2': port => overHttp2(port, {}),
  'an event stream over HTTP/1.1': async port => {
    const headers = { accept: 'text/event-stream' };
    const { status, text, header } = await request(port, { path: '/a?b=c', tls, headers });
    return { status, text, type: header('content-type') };
  },
  'an event stream over HTTP/2': port => overHttp2(port, { accept: 'text/event-stream' }),
  'a WebSocket over HTTP/1.1': async port => {
    const headers = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    };
    const { status, text, header } = await request(port, { path: '/a?b=c', tls, headers });
    return { status, text, type: header('content-type') };
  },
  'a WebSocket over HTTP/2': port => overHttp2(port, upgrade),
};

async function overHttp2(port: number, headers: Record<string, string>): Promise<Answer> {
  const client = await connectHttp2(port);
  const response = await client.request({ headers: { ':path': '/a?b=c', ...headers } });
  return { status: response.status, type: response.headers['content-type'], text: response.text };
}

/** A gateway whose application has these providers, before a backend that answers all. */
export async function gatewayWith(...providers: Provider[]): Promise<InProcessGateway> {
  @Module({ providers })
  class Own {}

  const backend = await startBackend();
  return secureGatewayTo([backend], { imports: [Own] });
}
