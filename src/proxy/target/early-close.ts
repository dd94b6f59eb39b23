import type { GatewayError } from '../../http/gateway-error.js';
import type { ClientBody } from '../client/client-body.js';

/** Bytes of a body that every server takes from the connection with the head. */
const readWithHead = 16 * 1024;

/**
 * True for the end of a connection behind a body that the backend need not have read, which is no evidence against it: it may have given up on a slow client,
 * or have answered early and closed, which can take the answer with it even if all of the body had been written. `unsent`: the body had not been written;
 * `status`: of the answer so far, 0 where none has begun.
 */
export function mayHaveClosedEarly(
  { code }: Pick<GatewayError, 'code'>,
  unsent: boolean,
  status: number,
  body: Pick<ClientBody, 'bytes' | 'isComing'> | undefined,
): boolean {
  if (code !== 'RESET' && code !== 'BODY_BROKEN') return false;
  if (unsent) return true;
  if (body === undefined) return false;
  const isGood = status >= 200 && status < 300;
  return body.isComing || (body.bytes > readWithHead && !isGood);
}
