import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** Finds TCP ports that are free on the loopback address, all different. They are free when it returns, not reserved. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ports.push((server.address() as AddressInfo).port);
  }
  await Promise.all(servers.map(server => once(server.close(), 'close')));
  return ports;
}

/** Finds one free TCP port on the loopback address. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error('no free port');
  return port;
}
