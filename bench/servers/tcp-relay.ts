import { connect, createServer } from 'node:net';

const [port, address] = process.argv.slice(2);
const { hostname, port: backendPort } = new URL(`http://${address}`);

/** What any tunnel in Node costs at least: two sockets piped into each other, and no look at what passes. */
createServer({ allowHalfOpen: true, noDelay: true }, client => {
  const backend = connect({ host: hostname, port: Number(backendPort), allowHalfOpen: true, noDelay: true });
  client.on('error', () => backend.destroy()).on('close', () => backend.destroy());
  backend.on('error', () => client.destroy()).on('close', () => client.destroy());
  client.pipe(backend).pipe(client);
}).listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 });
