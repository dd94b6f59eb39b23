import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import { outOfDescriptors } from './exhausted.js';
import { openFiles } from './open-files.js';

/** A connector of undici whose connections count as those to backends: it makes none that the process has no descriptor for. */
export function countedConnector(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) => {
    if (!openFiles.take('backends')) return process.nextTick(callback, outOfDescriptors(), null);
    // Typed as if it returned nothing; what it returns is the socket that is connecting.
    const connecting = connect(options, callback) as unknown as Socket;
    openFiles.giveWhenClosed('backends', connecting);
    return connecting;
  };
}
