import type { AdminConfig } from '../config/file/admin.config.js';
import { StartError } from '../listeners/start-error.js';
import type { Predecessor } from '../process/succession.js';
import { adminAddressOf, authorizationOf } from './admin-address.js';

/** Milliseconds within which a running gateway must answer. */
const patience = 5_000;

/** The gateway that runs now, which this process is to follow: known by its admin listener. */
export class RunningGateway implements Predecessor {
  private constructor(
    private readonly url: string,
    private readonly token: string | undefined,
  ) {}

  /**
   * The one at the admin address of a configuration; undefined: none runs there. Rejects with a StartError when the address does not tell, or the one
   * that runs does not take the token: before anything is opened beside it.
   */
  static async find(admin: AdminConfig): Promise<RunningGateway | undefined> {
    const url = adminAddressOf(admin);
    if (url === undefined)
      throw new StartError('--take-over: admin.port must be the one of the running gateway, and not 0');
    const running = new RunningGateway(url, admin.token);
    const response = await running.#ask('GET', '/upstreams').catch(() => undefined);
    if (response === undefined) return undefined;
    await refuse(response);
    return running;
  }

  async leave(): Promise<void> {
    await refuse(await this.#ask('POST', '/handover'));
  }

  #ask(method: 'GET' | 'POST', path: string): Promise<Response> {
    const headers = authorizationOf(this.token);
    return fetch(new URL(path, this.url), { method, headers, signal: AbortSignal.timeout(patience) });
  }
}

/** Throws a StartError unless the running gateway does what it was asked. */
async function refuse(response: Response): Promise<void> {
  if (response.ok) return void (await response.body?.cancel());
  const { detail } = (await response.json().catch(() => ({}))) as { readonly detail?: string };
  throw new StartError(`--take-over: the running gateway refuses: ${detail ?? `status ${response.status}`}`);
}
