import { readFileSync } from 'node:fs';
import { Agent, createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createProxyMiddleware } from 'http-proxy-middleware';
import type { Setting } from '#bench/subjects/subject';

const { port, certificate, backends } = JSON.parse(process.argv[2] ?? '{}') as Setting;
const origins = backends.map(backend => `http://${backend}`);
let turn = 0;

const proxy = createProxyMiddleware({
  target: origins[0] ?? '',
  router: () => origins[(turn = (turn + 1) % origins.length)] ?? '',
  agent: new Agent({ keepAlive: true, maxFreeSockets: 1024 }),
  xfwd: true,
});
const listener: RequestListener = (request, response) => {
  proxy(request, response, () => response.writeHead(404).end()).catch((error: unknown) =>
    response.destroy(error as Error),
  );
};
// As long as with the others, so that idle connections stay.
const options = { keepAliveTimeout: 72_000 };
const server =
  certificate === undefined
    ? createServer(options, listener)
    : createSecureServer(
        { ...options, cert: readFileSync(certificate.certFile), key: readFileSync(certificate.keyFile) },
        listener,
      );
server.on('upgrade', proxy.upgrade).listen(port, '127.0.0.1');
