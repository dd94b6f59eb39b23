import { GatewayError } from '../../http/gateway-error.js';
import { overtime } from '../client/overtime.js';

/** How far an attempt had come when it failed. */
export type Phase = 'connecting' | 'sent' | 'responding';

/** No connection to the backend could be made. */
export const unreachable = (reason: string): GatewayError =>
  new GatewayError('CONNECT_FAILED', 'The backend could not be reached.', reason);

/** This process has no descriptor for a connection to a backend. */
export const exhausted = (reason: string): GatewayError =>
  new GatewayError('EXHAUSTED', 'The gateway is too busy; try again later.', reason, undefined, [], undefined, {
    limit: 'open files',
  });

/** No connection to the backend stands in time. */
export const connectTimeout = (reason: string): GatewayError =>
  new GatewayError('CONNECT_TIMEOUT', 'No connection to the backend within timeouts.connect.', reason);

/** The backend sent a response that must not, or cannot, be passed on. */
export const badResponse = (reason: string): GatewayError =>
  new GatewayError('PROTOCOL', 'The backend sent something that is not a valid HTTP response.', reason);

/** The response ended before it was whole. */
export const brokenResponse = (reason: string): GatewayError =>
  new GatewayError('BODY_BROKEN', 'The response of the backend broke.', reason);

/** The request itself cannot be sent: neither side of the network is to blame. */
export const unwritable = (reason: string): GatewayError =>
  new GatewayError('DENIED', 'The request cannot be passed on as it is.', reason, 400);

/** The client has sent another number of bytes than it has declared. */
export const wrongLength = (): GatewayError =>
  new GatewayError('CLIENT_BODY', 'The request body does not have the declared length.', 'Content-Length');

/** The backend did not do in `milliseconds` what the attempt waits for in this phase. */
export function tooLate(phase: Phase, milliseconds: number): GatewayError {
  switch (phase) {
    case 'connecting':
      return overtime(connectTimeout(`no connection in ${milliseconds} ms`), 'timeouts.connect', milliseconds);
    case 'sent': {
      const detail = 'The backend did not answer within timeouts.response.';
      const error = new GatewayError('HEAD_TIMEOUT', detail, `no response head in ${milliseconds} ms`);
      return overtime(error, 'timeouts.response', milliseconds);
    }
    case 'responding':
      return overtime(brokenResponse(`timeouts.idle: nothing for ${milliseconds} ms`), 'timeouts.idle', milliseconds);
  }
}

/** Why the gateway itself gives a new connection up, as an error: in that shape `node:http` hands it to the request that waits for it. */
export class ConnectFailure extends Error {
  constructor(readonly gatewayError: GatewayError) {
    super(gatewayError.reason);
  }
}
