import { createServer } from 'node:http';

const bodies: Readonly<Record<string, Buffer>> = {
  '/64k': Buffer.alloc(64 * 1024, 'x'),
  '/1m': Buffer.alloc(1024 * 1024, 'x'),
};
const small = Buffer.alloc(1024, 'x');

for (const address of process.argv.slice(2)) {
  const { hostname, port } = new URL(`http://${address}`);
  createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
    const body = bodies[request.url ?? ''] ?? small;
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'text/plain', 'content-length': body.length }).end(body);
    });
  }).listen(Number(port), hostname);
}
