import { GatewayError } from '../../http/gateway-error.js';

/** How far an attempt had come when it failed. */
export type Phase = 'connecting' | 'sent' | 'responding';

/** No connection to the backend could be made. */
export const unreachable = (reason: string): GatewayError =>
  new GatewayError('CONNECT_FAILED', 'The backend could not be reached.', reason);

/** This process has no descriptor for a connection to a backend. */
export const exhausted = (reason: string): GatewayError =>
  new GatewayError('EXHAUSTED', 'The gateway is too busy; try again later.', reason);

/** No connection to the backend stands in time. */
export const connectTimeout = (reason: string): GatewayError =>
  new GatewayError('CONNECT_TIMEOUT', 'No connection to the backend within timeouts.connect.', reason);

/** The backend sent a response that must not, or cannot, be passed on. */
export const badResponse = (reason: string): GatewayError =>
  new GatewayError('PROTOCOL', 'The backend sent something that is not a valid HTTP response.', reason);

/** The response ended before it was whole. */
export const brokenResponse = (reason: string): GatewayError =>
  new GatewayError('BODY_BROKEN', 'The response of the backend broke.', reason);

/** The backend did not do in `milliseconds` what the attempt waits for in this phase. */
export function tooLate(phase: Phase, milliseconds: number): GatewayError {
  switch (phase) {
    case 'connecting':
      return connectTimeout(`no connection in ${milliseconds} ms`);
    case 'sent':
      return new GatewayError(
        'HEAD_TIMEOUT',
        'The backend did not answer within timeouts.response.',
        `no response head in ${milliseconds} ms`,
      );
    case 'responding':
      return brokenResponse(`timeouts.idle: nothing for ${milliseconds} ms`);
  }
}

/** Why the gateway itself gives a new connection up, in the shape in which undici and `node:http` hand it to the requests that wait for it. */
export class ConnectFailure extends Error {
  constructor(readonly gatewayError: GatewayError) {
    super(gatewayError.reason);
  }
}
