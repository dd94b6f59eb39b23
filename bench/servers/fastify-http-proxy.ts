import httpProxy from '@fastify/http-proxy';
import Fastify from 'fastify';

const [port, ...backends] = process.argv.slice(2);
const origins = backends.map(backend => `http://${backend}`);
let turn = 0;

const server = Fastify();
await server.register(httpProxy, {
  upstream: '',
  replyOptions: {
    // The plug-in balances nothing by itself; this is the cheapest way to make it use both backends.
    getUpstream: () => origins[(turn = (turn + 1) % origins.length)] ?? '',
  },
});
await server.listen({ port: Number(port), host: '127.0.0.1' });
