import type { IncomingMessage } from 'node:http';

/** The part of Node's parser that is used here, which its types do not have. */
interface Parser {
  /** The bytes that are being parsed; while a request is handed out, those with the end of its head. */
  getCurrentBuffer?(): Buffer | undefined;
}

/**
 * True when it is certain that nothing has come with a request but its head. Node's parser silently drops the bytes behind a head that offers an
 * upgrade, whether or not the upgrade is made. Must be called while Node hands the request out: later the parser has other bytes.
 */
export function endsWithHead({ socket }: IncomingMessage): boolean {
  const chunk = (socket as { parser?: Parser }).parser?.getCurrentBuffer?.();
  if (chunk === undefined || chunk.length === 0) return false;
  // The first empty line must be the end of the bytes: where there are two, one of them ends something else.
  const end = /\n\r?\n/.exec(chunk.toString('latin1'));
  return end !== null && end.index + end[0].length === chunk.length;
}
