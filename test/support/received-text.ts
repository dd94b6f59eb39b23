import type { Readable } from 'node:stream';

/** All that comes from a connection until its end, a character for each byte. */
export async function receivedText(connection: Readable): Promise<string> {
  let text = '';
  connection.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  await new Promise<void>(resolve => connection.once('end', resolve).once('close', resolve));
  return text;
}
