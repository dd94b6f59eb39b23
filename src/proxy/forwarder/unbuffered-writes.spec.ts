import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { stopWriteBuffering } from './unbuffered-writes.js';

it('a connection asks for the next byte only when the system has taken the one before', () => {
  let take: () => void = () => {};
  const connection = new Duplex({ read: () => {}, write: (_chunk, _encoding, taken) => (take = taken) });
  expect(connection.write('a')).toBe(true);
  take();
  stopWriteBuffering(connection as Socket);
  expect([connection.write('b'), connection.writableNeedDrain]).toEqual([false, true]);
});
