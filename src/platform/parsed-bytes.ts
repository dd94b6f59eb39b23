import type { Socket } from 'node:net';

/** The part of Node's parser that is used here, which its types do not have. */
interface Parser {
  getCurrentBuffer?(): Buffer | undefined;
}

/**
 * The bytes of a connection that Node's parser is at; while a request is handed out, those with the end of its head. Undefined where it does not tell.
 *
 * Reaches into Node 26: `parser` of a socket and its `getCurrentBuffer`. Node's parser drops what comes behind a head that offers an upgrade which
 * is not made, and no event or field says so: a request that was pipelined there would be lost, or be read as another.
 */
export function parsedBytes(socket: Socket): Buffer | undefined {
  return (socket as { parser?: Parser }).parser?.getCurrentBuffer?.();
}
