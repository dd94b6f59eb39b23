import { once } from 'node:events';
import http2, { type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { RequestHandler } from '../../src/listeners/http1/request-handler.js';
import { Http1Connections } from '../../src/listeners/http1/http1-connections.js';
import { closeLater } from './cleanup.js';
import { Http2Client } from './http2-client.js';

const limits = {
  headerTimeout: 60_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 60_000,
  requestsPerConnection: 0,
};

/** Serves HTTP/1.x on loopback with nothing but connections until the test has finished; gives the port. */
export async function serveHttp1({ begin, over }: Pick<RequestHandler, 'begin' | 'over'>): Promise<number> {
  const broken: RequestHandler['broken'] = (_fault, connection) => connection.linger();
  const connections = new Http1Connections(limits, { maxHead: 64 * 1024 }, { begin, over, broken });
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, socket => {
    sockets.add(socket);
    connections.take(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closeLater(() => {
    connections.close();
    for (const socket of sockets) socket.destroy();
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
