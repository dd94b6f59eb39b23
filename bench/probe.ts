import { request, type RequestOptions } from 'node:http';
import { request as secureRequest } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import type { Running } from '#bench/stage';
import { isSecure, type Work } from '#bench/work';

const startDeadline = 20_000;

/** Where to send a request. */
export interface Address {
  readonly hostname: string;
  readonly port: number;
}

/**
 * Sends one request of HTTP/1.1 on a connection of its own, over TLS where clients of the work use it, and returns the status
 * and the size of the answer. The certificate is not verified.
 */
export async function sendOne(address: Address, work: Work): Promise<{ status: number; bytes: number }> {
  const headers = work.bodyBytes > 0 ? { 'content-length': work.bodyBytes } : {};
  const options: RequestOptions = {
    host: address.hostname,
    port: address.port,
    method: work.method,
    path: work.path,
    agent: false,
    timeout: 5000,
    headers,
  };
  return new Promise((resolve, reject) => {
    const sent = isSecure(work) ? secureRequest({ ...options, rejectUnauthorized: false }) : request(options);
    sent
      .on('response', response => {
        let bytes = 0;
        response.on('data', (chunk: Buffer) => (bytes += chunk.length));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, bytes }));
        response.on('error', reject);
      })
      .on('timeout', () => reject(new Error('no answer in 5 s')))
      .on('error', reject)
      .end(Buffer.alloc(work.bodyBytes, 'x'));
  });
}

/** Checks that a proxy gives the whole answer. Throws when it does not. */
export async function assertAnswers(name: string, address: Address, work: Work): Promise<void> {
  const { status, bytes } = await sendOne(address, work);
  if (status !== 200 || bytes !== work.answerBytes) {
    throw new Error(`${name} answered ${work.name} with status ${status} and ${bytes} bytes`);
  }
}

/** Waits until a program answers on its port. Throws when it ends first, or has not answered in 20 s. */
export async function untilReady(running: Running, address: Address, work: Work): Promise<void> {
  const deadline = performance.now() + startDeadline;
  for (;;) {
    running.assertAlive();
    try {
      return await assertAnswers(running.name, address, work);
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await pause(50);
    }
  }
}
