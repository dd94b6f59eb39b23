import { Pool } from 'undici';
import { closeLater } from '../support/cleanup.js';

/** Requests for {@link send}. */
export interface Traffic {
  readonly count: number;
  /** Kept-alive connections that share them. Default 16. */
  readonly connections?: number;
  readonly path?: string;
  /** Headers of the `number`-th request, from 0. */
  readonly headers?: (number: number) => Record<string, string>;
}

/**
 * Sends requests as fast as the answers come, and gives the body of each answer, in the order of the requests.
 * @throws Error when one fails or is not answered with 200.
 */
export async function send(port: number, { count, connections = 16, path = '/', headers }: Traffic): Promise<string[]> {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections, pipelining: 1 });
  closeLater(() => pool.destroy());
  const answers = new Array<string>(count);
  let next = 0;
  const client = async (): Promise<void> => {
    for (let number = next++; number < count; number = next++) {
      const response = await pool.request({ method: 'GET', path, ...(headers && { headers: headers(number) }) });
      const text = await response.body.text();
      if (response.statusCode !== 200)
        throw new Error(`request ${number} was answered ${response.statusCode}: ${text}`);
      answers[number] = text;
    }
  };
  await Promise.all(Array.from({ length: connections }, client));
  return answers;
}

/** How often each answer occurs. */
export function countOf(answers: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const answer of answers) counts[answer] = (counts[answer] ?? 0) + 1;
  return counts;
}
