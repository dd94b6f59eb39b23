import { formatDuration } from '../../config/language/kinds/duration.js';
import type { GatewayError } from '../../http/gateway-error.js';

/** The same error with the time limit that was over, for the log: its key, and its value in milliseconds (`timeouts.response 15s`). */
export function overtime(error: GatewayError, key: string, milliseconds: number): GatewayError {
  return error.because(error.cause, { ...error.origin, timeout: `${key} ${formatDuration(Math.round(milliseconds))}` });
}
