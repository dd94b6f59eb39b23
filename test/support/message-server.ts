import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import http2, { type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { closeLater } from './cleanup.js';
import { Http2Client } from './http2-client.js';

/** Serves HTTP/1.1 on loopback with nothing but Node until the test has finished; gives the port. Requests with `Expect` are handled, too. */
export async function serveHttp1(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<number> {
  const server = http.createServer(handler).on('checkContinue', handler);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closeLater(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** The arguments of a server for a stream: Node's fields, whether the head ends the request, and the fields as received. */
export type StreamTaker = (
  stream: ServerHttp2Stream,
  fields: IncomingHttpHeaders,
  ended: boolean,
  raw: string[],
) => void;

/** Serves HTTP/2 without TLS on loopback with nothing but Node until the test has finished; gives a client of it. */
export async function serveHttp2(taker: StreamTaker): Promise<Http2Client> {
  const server = http2.createServer({ settings: { enableConnectProtocol: true } });
  server.on('stream', (stream: ServerHttp2Stream, fields, flags, raw: string[]) => {
    stream.on('error', () => {});
    taker(stream, fields, (flags & http2.constants.NGHTTP2_FLAG_END_STREAM) !== 0, raw);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  closeLater(() => {
    session.destroy();
    server.close();
  });
  const client = new Http2Client(session);
  await once(session, 'remoteSettings');
  return client;
}
