import type { ServerResponse } from 'node:http';

/**
 * Has a response forget that its client expects a 100, which is of no use where no body follows. Node says `Connection: close` to each client that
 * expects one and was not sent it.
 *
 * Reaches into Node 26: `_expect_continue` of a response. In public it is only put down by sending the 100.
 */
export function forgetExpectation(response: ServerResponse): void {
  (response as { _expect_continue?: boolean })._expect_continue = false;
}
