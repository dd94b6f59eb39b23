import type { IncomingMessage } from 'node:http';
import type { RequestHead } from '../../http/request-head.js';

/**
 * Behind a request that offers an upgrade Node's parser drops what has come with it, whether or not the upgrade is made. So, unless
 * nothing has, what follows on the connection cannot be believed: it may be the second half of what was dropped.
 */
export function offersUpgrade({ connection }: RequestHead, { headers }: IncomingMessage): boolean {
  return headers.upgrade !== undefined && connection !== undefined && /upgrade/i.test(connection);
}
