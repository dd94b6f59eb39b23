import { Agent, createServer } from 'node:http';
import { createProxyMiddleware } from 'http-proxy-middleware';

const [port, ...backends] = process.argv.slice(2);
const origins = backends.map(backend => `http://${backend}`);
let turn = 0;

const proxy = createProxyMiddleware({
  target: origins[0] ?? '',
  router: () => origins[(turn = (turn + 1) % origins.length)] ?? '',
  agent: new Agent({ keepAlive: true, maxFreeSockets: 1024 }),
  xfwd: true,
});
createServer((request, response) => {
  proxy(request, response, () => response.writeHead(404).end()).catch((error: unknown) =>
    response.destroy(error as Error),
  );
}).listen(Number(port), '127.0.0.1');
