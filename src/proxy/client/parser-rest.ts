import type { IncomingMessage } from 'node:http';
import { parsedBytes } from '../../platform/parsed-bytes.js';

/**
 * True when it is certain that nothing has come with a request but its head. Node's parser silently drops the bytes behind a head that offers an
 * upgrade, whether or not the upgrade is made. Must be called while Node hands the request out: later the parser has other bytes.
 */
export function endsWithHead({ socket }: IncomingMessage): boolean {
  const chunk = parsedBytes(socket);
  if (chunk === undefined || chunk.length === 0) return false;
  // The first empty line must be the end of the bytes: where there are two, one of them ends something else.
  const end = /\n\r?\n/.exec(chunk.toString('latin1'));
  return end !== null && end.index + end[0].length === chunk.length;
}
