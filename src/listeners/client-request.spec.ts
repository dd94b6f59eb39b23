import { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { ClientRequest } from './client-request.js';

it('a body that comes in many small pieces is read in few', async () => {
  const request = new ClientRequest(new Socket());
  const sent = Buffer.from('abcdefghij'.repeat(10));
  for (const byte of sent) request.push(Buffer.from([byte]));
  request.push(null);
  const read: Buffer[] = [];
  for await (const piece of request) read.push(piece as Buffer);
  expect(Buffer.concat(read)).toEqual(sent);
  expect(read.length).toBeLessThanOrEqual(2);
});
