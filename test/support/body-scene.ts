import { setImmediate as turn } from 'node:timers/promises';
import { ClientBody } from '../../src/proxy/client/client-body.js';
import { RequestBody, type RequestBodyError } from '../../src/proxy/client/request-body.js';
import { FakeMessage, Reading } from './fake-message.js';

const hold = 64 * 1024;

/** How the body differs from a chunked one without a limit, of which 64 KiB are kept. */
export interface BodyOptions {
  readonly length?: string;
  readonly limit?: number;
  readonly hold?: number;
}

/** The body of a client, and what a test does with it. */
export function clientBody(options: BodyOptions = {}) {
  const source = new FakeMessage();
  const body = new ClientBody(source.asMessage(), options.length, options.limit ?? 0, options.hold ?? hold);
  const told: (string | undefined)[] = [];
  return {
    source,
    body,
    /** Codes of the errors that the callbacks got; undefined for none. */
    told,
    gather: () => body.gather(error => told.push(error?.code)),
    show: () => body.whenShown(() => told.push('shown')),
    arrive: async (...pieces: string[]) => {
      for (const piece of pieces) source.arrive(Buffer.from(piece));
      await settle();
    },
    finish: async () => {
      source.finish();
      await settle();
    },
    open: (): Reading => {
      const opened = body.open();
      if (!(opened instanceof RequestBody)) throw new Error('the body could not be opened as a stream');
      body.begin();
      return new Reading(opened);
    },
  };
}

/** Lets everything happen that needs no more from outside. */
export async function settle(): Promise<void> {
  for (let count = 0; count < 6; count++) await turn();
}

/** The code of the gateway's error that a reading has ended with. */
export const codeOf = (reading: Reading): string | undefined =>
  (reading.error as RequestBodyError | undefined)?.gatewayError.code;
