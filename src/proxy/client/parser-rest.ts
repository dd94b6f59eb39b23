import type { IncomingMessage } from 'node:http';

/** The part of Node's parser that is used here, which its types do not have. */
interface Parser {
  /** The bytes that are being parsed; while a request is handed out, those with the end of its head. */
  getCurrentBuffer?(): Buffer | undefined;
}

/**
 * True when it is certain that nothing has come with a request but its head. Node's parser drops what comes behind a head that offers an
 * upgrade, made or not, and tells nobody. Must be asked while the request is handed out.
 */
export function endsWithHead({ socket }: IncomingMessage): boolean {
  const chunk = (socket as { parser?: Parser }).parser?.getCurrentBuffer?.();
  if (chunk === undefined || chunk.length === 0) return false;
  // Its first empty line must be its end: where there are two, one of them ends something else.
  const end = /\n\r?\n/.exec(chunk.toString('latin1'));
  return end !== null && end.index + end[0].length === chunk.length;
}
