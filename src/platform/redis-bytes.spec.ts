import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { closeLater } from '../../test/support/cleanup.js';
import { eventually } from '../../test/support/poll.js';
import { bytesReadBy } from './redis-bytes.js';

it('the bytes of an answer are counted before it is whole', async () => {
  const server = createServer(socket => socket.on('error', () => {}).write(`$100\r\n${'a'.repeat(50)}`)).listen(
    0,
    '127.0.0.1',
  );
  closeLater(() => server.close());
  await once(server, 'listening');
  const redis = new Redis({
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    lazyConnect: true,
    enableReadyCheck: false,
    disableClientInfo: true,
  }).on('error', () => {});
  closeLater(() => redis.disconnect());
  expect(bytesReadBy(redis)).toBe(0);
  redis.connect().catch(() => {});
  await eventually(() => bytesReadBy(redis) === 56, { what: 'ioredis: its connection is not its `stream` any more' });
});
