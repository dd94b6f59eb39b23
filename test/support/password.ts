import { randomBytes, scryptSync } from 'node:crypto';

/** A hash in the form of the file; `ln` is the cost. */
export function phc(password: string, ln = 10): string {
  const salt = randomBytes(16);
  const hash = scryptSync(password, salt, 32, { N: 2 ** ln, r: 8, p: 1, maxmem: 2 ** 30 });
  const base64 = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');
  return `$scrypt$ln=${ln},r=8,p=1$${base64(salt)}$${base64(hash)}`;
}

/** The header with a name and a password (RFC 7617). */
export const basic = (name: string, password: string): { authorization: string } => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
});
