import { adminAddressOf, authorizationOf } from './admin-address.js';
import { usualAdmin } from './admin-of-file.js';
import { exitCode } from './exit-code.js';
import { loadFile } from './load-file.js';

/** How a command finds the running gateway. */
export interface AdminOptions {
  readonly config?: string;
  readonly admin?: string;
}

/** What a gateway has answered; where it has not, or has refused, the exit code. The reason is on standard error by then. */
type AdminAnswer<T> = { readonly body: T } | { readonly code: number };

/** Name of a member of an answer; of a list: of each of its parts. */
export type Member<T> = string & keyof (T extends readonly (infer Part)[] ? Part : T);

/** Milliseconds within which a gateway must have answered. */
const patience = 60_000;

/** The admin side of a running gateway, for commands. */
export class AdminClient {
  private constructor(
    private readonly url: string,
    private readonly token: string | undefined,
  ) {}

  /**
   * By the file of the gateway (`--config`, $GATEWAY_CONFIG), or by its admin address (`--admin`) with the token in $GATEWAY_ADMIN_TOKEN. The exit
   * code, with a message on standard error, where these do not tell. @throws ConfigError for a file that is not valid.
   */
  static find({ config, admin }: AdminOptions, env: NodeJS.ProcessEnv): AdminClient | number {
    const file = fileOf(config, env);
    const token = env['GATEWAY_ADMIN_TOKEN'];
    if (admin !== undefined) {
      if (!/^https?:$/.test(URL.parse(admin)?.protocol ?? ''))
        return usage('--admin takes a URL such as http://127.0.0.1:9901.');
      // What it is must not stand in the message of an error.
      if (/[^\x20-\x7e]/.test(token?.trim() ?? ''))
        return usage('GATEWAY_ADMIN_TOKEN has a line break, or another character that no token can have.');
      return new AdminClient(admin, token);
    }
    if (file === undefined) {
      return usage(
        'name the file of the running gateway with --config or GATEWAY_CONFIG, or its admin address with --admin.',
      );
    }
    const own = loadFile(file, env).config.admin;
    const url = adminAddressOf(own);
    if (url === undefined)
      return usage('the file has the gateway choose the port of its admin listener: name the address with --admin.');
    return new AdminClient(url, own.token ?? token);
  }

  /**
   * As {@link find}; where neither is named, the gateway at the default address of the admin listener. For what only looks: what changes something is to be
   * told of which gateway.
   */
  static findOrUsual(options: AdminOptions, env: NodeJS.ProcessEnv): AdminClient | number {
    const isNamed = options.admin !== undefined || fileOf(options.config, env) !== undefined;
    return this.find(isNamed ? options : { admin: adminAddressOf(usualAdmin)! }, env);
  }

  /** Sends a request to a path of the admin listener. `member`: a member that the answer, or each part of a list, has: what has none is not of a gateway. */
  async ask<T>(method: 'GET' | 'POST', path: string, member: Member<T>): Promise<AdminAnswer<T>> {
    const response = await this.#send(method, path, AbortSignal.timeout(patience));
    if (typeof response === 'number') return { code: response };
    const body = (await response.json().catch(() => undefined)) as unknown;
    const parts: readonly unknown[] = Array.isArray(body) ? body : [body];
    const isKnown = parts.every(part => typeof part === 'object' && part !== null && Object.hasOwn(part, member));
    return isKnown ? { body: body as T } : { code: this.#noGateway(response) };
  }

  /** Takes the events of a stream until it ends, or `signal` aborts it. Resolves with the exit code, with a message on standard error. */
  async follow(path: string, signal: AbortSignal, take: (event: string, data: string) => void): Promise<number> {
    const response = await this.#send('GET', path, signal);
    if (typeof response === 'number') return response;
    if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return this.#noGateway(response);
    try {
      let rest = '';
      for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
        const blocks = (rest + piece).split('\n\n');
        rest = blocks.pop()!;
        for (const block of blocks) {
          const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
          if (event !== undefined && data !== undefined) take(event, data);
        }
      }
    } catch {
      // It has ended: said below.
    }
    if (!signal.aborted) process.stderr.write('gatehouse: the gateway has ended the stream: it may be about to end.\n');
    return exitCode.unreachable;
  }

  #noGateway({ status }: Response): number {
    process.stderr.write(`gatehouse: ${this.url} answered ${status}: that is no gateway's admin listener\n`);
    return exitCode.unreachable;
  }

  /** Gives what was answered; where that is a refusal, or nothing, the exit code, with the reason on standard error. */
  async #send(method: 'GET' | 'POST', path: string, signal: AbortSignal): Promise<Response | number> {
    const url = new URL(path, this.url);
    const headers = authorizationOf(this.token);
    let response: Response;
    try {
      response = await fetch(url, { method, headers, signal });
    } catch (error) {
      const { cause, message } = error as Error;
      const why = cause instanceof Error ? cause.message : message;
      process.stderr.write(
        `gatehouse: no gateway answers at ${url.origin} (${why}): is it running, and is that its admin address?\n`,
      );
      return exitCode.unreachable;
    }
    if (response.ok) return response;
    const answer = (await response.json().catch(() => ({}))) as unknown;
    const { detail, problems = [] } = answer as { readonly detail?: string; readonly problems?: readonly string[] };
    process.stderr.write(
      `gatehouse: ${[detail ?? `${url.origin} answered ${response.status}`, ...problems].join('\n')}\n`,
    );
    if (response.status === 401)
      process.stderr.write('gatehouse: set GATEWAY_ADMIN_TOKEN, or name the file of the gateway with --config.\n');
    return codes[response.status] ?? exitCode.unreachable;
  }
}

function fileOf(config: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  const file = config ?? env['GATEWAY_CONFIG'];
  return file === '' ? undefined : file;
}

const codes: Readonly<Record<number, number>> = { 400: exitCode.usage, 422: exitCode.invalidConfig };

/** Says what is wrong with a command line; gives the exit code for that. */
export function usage(message: string): number {
  process.stderr.write(`gatehouse: ${message}\n`);
  return exitCode.usage;
}
