import type { Agent } from 'undici';
import { readAuthorities } from '../../../tls/key-pair.js';

const timeout = 5000;
const maxBytes = 256 * 1024;

/**
 * Gets the text of a key set. Rejects with an Error that says why: aborted by `signal`, another status than 200, no whole
 * answer within 5 s, or more than 256 kB. `ca`: path of a PEM file with the authorities for the certificate of the server.
 */
export async function fetchKeys(url: string, ca: string | undefined, signal: AbortSignal): Promise<string> {
  if (ca === undefined) return fetchOver(url, signal, undefined);
  const { Agent } = await import('undici');
  const agent = new Agent({ connect: { ca: readAuthorities(ca) } });
  try {
    return await fetchOver(url, signal, agent);
  } finally {
    await agent.destroy();
  }
}

async function fetchOver(url: string, signal: AbortSignal, dispatcher: Agent | undefined): Promise<string> {
  // Loaded only where it is needed: it is a fifth of all code of the program.
  const { request } = await import('undici');
  const { statusCode, body } = await request(url, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
    headers: { accept: 'application/json, application/jwk-set+json', 'user-agent': 'gatehouse' },
    // Fetches are rare: a kept connection would be closed by the server before the next one.
    reset: true,
    ...(dispatcher !== undefined && { dispatcher }),
  });
  body.on('error', () => undefined);
  if (statusCode !== 200) {
    body.destroy();
    throw new Error(`answered ${statusCode}, expected 200`);
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += (chunk as Buffer).length;
    if (bytes > maxBytes) throw new Error(`more than ${maxBytes / 1024} kB`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}
