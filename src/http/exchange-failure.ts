import { errorTable, type ErrorCode } from './gateway-error.js';
import type { ExchangeRecord } from './exchange-record.js';

const clientFaults: ReadonlySet<string> = new Set(
  Object.keys(errorTable).filter(code => errorTable[code as ErrorCode].source === 'client'),
);

/** Whether a code of the error table is the fault of the client. */
export function isClientFault(code: string): boolean {
  return clientFaults.has(code);
}

/** Whether an exchange has failed on the side of the gateway or the backend. */
export function hasFailed({ status, errorCode }: Pick<ExchangeRecord, 'status' | 'errorCode'>): boolean {
  return status >= 500 || (errorCode !== undefined && !clientFaults.has(errorCode));
}
