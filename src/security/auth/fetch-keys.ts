import { request } from 'undici';

const timeout = 5000;
const maxBytes = 256 * 1024;

/** Gets the text of a key set. Rejects with an Error that says why: `signal` to end it, another status than 200, no whole answer within 5 s, more than 256 kB. */
export async function fetchKeys(url: string, signal: AbortSignal): Promise<string> {
  const { statusCode, body } = await request(url, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
    headers: { accept: 'application/json, application/jwk-set+json', 'user-agent': 'gatehouse' },
    // Asked rarely: a connection that is kept would be a stale one the next time.
    reset: true,
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
