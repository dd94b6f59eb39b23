import { readFileSync } from 'node:fs';
import httpProxy from '@fastify/http-proxy';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Setting } from '#bench/subjects/subject';

const { port, protocol, certificate, backends } = JSON.parse(process.argv[2] ?? '{}') as Setting;
const origins = backends.map(backend => `http://${backend}`);
let turn = 0;

function createServer(): FastifyInstance {
  if (certificate === undefined) return Fastify();
  const https = { cert: readFileSync(certificate.certFile), key: readFileSync(certificate.keyFile) };
  return protocol === 'h2'
    ? (Fastify({ http2: true, https: { ...https, allowHTTP1: true } }) as unknown as FastifyInstance)
    : (Fastify({ https }) as unknown as FastifyInstance);
}

const server = createServer();
if (protocol === 'websocket') {
  await server.register(httpProxy, { upstream: origins[0] ?? '', websocket: true });
} else {
  await server.register(httpProxy, {
    upstream: '',
    replyOptions: {
      // The plug-in balances nothing by itself; this is the cheapest way to make it use both backends.
      getUpstream: () => origins[(turn = (turn + 1) % origins.length)] ?? '',
    },
  });
}
await server.listen({ port, host: '127.0.0.1' });
