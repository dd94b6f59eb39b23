import type { buildConnector } from 'undici';
import { connectingSocket } from './connecting-socket.js';
import { outOfDescriptors } from './exhausted.js';
import { openFiles } from './open-files.js';

/** A connector of undici whose connections count as those to backends: it makes none that the process has no descriptor for. */
export function countedConnector(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) => {
    if (!openFiles.take('backends')) return process.nextTick(callback, outOfDescriptors(), null);
    const connecting = connectingSocket(connect, options, callback);
    openFiles.giveWhenClosed('backends', connecting);
    return connecting;
  };
}
