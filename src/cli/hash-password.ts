import { createInterface } from 'node:readline';
import { Writable, type Readable } from 'node:stream';
import { hashPassword as hashOf } from '../security/auth/basic/scrypt-hash.js';
import { exitCode } from './exit-code.js';

const maxLength = 1024;

/**
 * `gatehouse hash-password`: the scrypt hash of a password, for `security.auth.basic`. The password is the one line of the
 * standard input, never an argument: the list of processes shows arguments. At a terminal the program asks for it and does not
 * show it.
 */
export async function hashPassword(input: Readable & { readonly isTTY?: boolean } = process.stdin): Promise<number> {
  const password = await (input.isTTY === true ? typed(input) : piped(input));
  const problem = problemOf(password);
  if (problem !== undefined) {
    process.stderr.write(`gatehouse: ${problem}\n`);
    return exitCode.usage;
  }
  process.stdout.write(`${await hashOf(password)}\n`);
  return exitCode.ok;
}

function problemOf(password: string): string | undefined {
  if (password === '') return 'no password: give it on standard input';
  if (password.length > maxLength) return `a password of more than ${maxLength} characters`;
  if (/\p{Cc}/u.test(password)) return 'a password must be one line without control characters (RFC 7617)';
  return undefined;
}

async function piped(input: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    chunks.push(Buffer.from(chunk as Buffer | string));
    bytes += chunks.at(-1)!.length;
    if (bytes > 8 * maxLength) break;
  }
  return Buffer.concat(chunks)
    .toString()
    .replace(/\r?\n$/, '');
}

async function typed(input: Readable): Promise<string> {
  process.stderr.write('Password: ');
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input, output: silent, terminal: true });
  const { promise, resolve } = Promise.withResolvers<string>();
  terminal.once('line', resolve).once('close', () => resolve(''));
  const password = await promise;
  terminal.close();
  process.stderr.write('\n');
  return password;
}
