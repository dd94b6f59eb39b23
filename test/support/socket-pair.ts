import net, { type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { closeLater } from './cleanup.js';

/** The two ends of a TCP connection over loopback: that of its client, and that of its server. Closed when the test has finished. */
export async function socketPair(): Promise<[client: Socket, server: Socket]> {
  const listener = net.createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const client = net.connect((listener.address() as AddressInfo).port, '127.0.0.1');
  const [[server]] = (await Promise.all([once(listener, 'connection'), once(client, 'connect')])) as [
    [Socket],
    unknown,
  ];
  listener.close();
  for (const socket of [client, server]) {
    socket.on('error', () => {});
    closeLater(() => socket.destroy());
  }
  return [client, server];
}
