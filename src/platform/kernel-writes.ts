import type { Socket } from 'node:net';

/** What a connection has been given to write, in bytes. Both grow and shrink while it lasts; undefined once it is closed. */
interface KernelWrites {
  /** Handed to the system, or waiting for it. */
  readonly bytesWritten?: number;
  /** Those of them that the system has not taken yet. */
  readonly writeQueueSize?: number;
}

interface Handle extends KernelWrites {
  /** Of TLS: the handle of the connection below. */
  readonly _parent?: Handle | null;
}

const noHandle: Handle = {};

/**
 * The writes of a connection as the kernel has them; over TLS those of the connection below.
 *
 * Reaches into Node 26: `_handle` of a socket, `_parent` of a TLS handle, and their counts. In public a socket tells when a whole write is
 * done, and not how much of it the other side has read meanwhile: a client that reads a large answer slowly would look like one that reads nothing.
 */
export function kernelWritesOf(socket: Socket): KernelWrites {
  let handle = (socket as Socket & { readonly _handle?: Handle | null })._handle ?? noHandle;
  while (handle._parent !== undefined && handle._parent !== null) handle = handle._parent;
  return handle;
}
