import type { IncomingMessage } from 'node:http';
import type { RequestHead } from '../../http/request-head.js';

/**
 * True for a request that offers an upgrade. Node's parser drops the bytes that came with such a request, whether or not the upgrade is made.
 * Unless there were none, what follows on the connection must not be parsed: it may be the second half of what was dropped.
 */
export function offersUpgrade({ connection }: RequestHead, { headers }: IncomingMessage): boolean {
  return headers.upgrade !== undefined && connection !== undefined && /upgrade/i.test(connection);
}
