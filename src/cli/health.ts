import { get } from 'node:http';
import { nearest } from '../spelling/nearest.js';
import { adminAddressOf } from './admin-address.js';
import { adminOfFile } from './admin-of-file.js';
import { exitCode } from './exit-code.js';

/** Options of `gatehouse health`. */
export interface HealthOptions {
  readonly config?: string;
  readonly admin?: string;
}

/** What can be asked for, and how it is told that it is not so. */
const questions: Readonly<Record<string, string>> = { live: 'not live', ready: 'not ready', startup: 'not started' };

/** Milliseconds for the whole answer: less than the time that containers' checks usually have. */
const patience = 2_500;
/** Bytes of the longest answer that is read. The status stands at its beginning. */
const longest = 4_096;

/**
 * `gatehouse health`: asks the running gateway on this machine for its health, as the health check of a container: exit code 0 when it is well. It finds the admin
 * listener by the file, of which it reads no more than that, and needs no token.
 */
export async function health(
  what: string,
  { config, admin }: HealthOptions,
  env: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  const failing = Object.hasOwn(questions, what) ? questions[what]! : undefined;
  if (failing === undefined) {
    const suggestion = nearest(what, Object.keys(questions));
    return say(
      `ask for live, ready or startup${suggestion ? ` (did you mean "${suggestion}"?)` : ''}.`,
      exitCode.usage,
    );
  }
  const url = admin ?? adminAddressOf(await adminOfFile(config ?? env['GATEWAY_CONFIG'] ?? '', env));
  if (url === undefined)
    return say(
      'the file has the gateway choose the port of its admin listener: name the address with --admin.',
      exitCode.usage,
    );
  // It asks by `node:http` alone.
  if (URL.parse(url)?.protocol !== 'http:')
    return say('--admin takes a URL such as http://127.0.0.1:9901.', exitCode.usage);
  let answer: Answer;
  try {
    answer = await ask(new URL(`/health/${what}`, url));
  } catch (error) {
    return say(`${failing}: no gateway answers at ${url} (${(error as Error).message})`, exitCode.unreachable);
  }
  const { status, said } = answer;
  if (said === undefined)
    return say(`${url} answered ${status}: that is no gateway's admin listener`, exitCode.unreachable);
  if (status !== 200) return say(`${failing}: ${said}`, exitCode.unreachable);
  process.stdout.write(`${said}\n`);
  return exitCode.ok;
}

/** An answer: its code, and the `status` that it says; undefined: it says none. */
interface Answer {
  readonly status: number;
  readonly said: string | undefined;
}

/** By `node:http`, which is there at once: `fetch` takes a third of the time of the whole command to load. */
async function ask(url: URL): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const request = get(url, { agent: false, signal: AbortSignal.timeout(patience) }, response => {
    let text = '';
    response.setEncoding('latin1').on('data', (piece: string) => {
      text = (text + piece).slice(0, longest);
    });
    response.on('end', () => {
      const [, said] = /^\{"status":"(\w+)"/.exec(text) ?? [];
      resolve({ status: response.statusCode ?? 0, said });
    });
    response.on('error', reject);
  });
  request.on('error', reject);
  try {
    return await promise;
  } finally {
    request.destroy();
  }
}

function say(message: string, code: number): number {
  process.stderr.write(`gatehouse: ${message}\n`);
  return code;
}
