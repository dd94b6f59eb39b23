import { createServer } from 'node:http';

const body = Buffer.alloc(1024, 'x');

/** Arguments: `host:port=milliseconds`, one server for each, which answers every request with 1 KB, that much later. */
for (const argument of process.argv.slice(2)) {
  const [address, delay] = argument.split('=');
  const { hostname, port } = new URL(`http://${address}`);
  createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
    request.resume();
    setTimeout(() => {
      response.writeHead(200, { 'content-type': 'text/plain', 'content-length': body.length }).end(body);
    }, Number(delay));
  }).listen(Number(port), hostname);
}
