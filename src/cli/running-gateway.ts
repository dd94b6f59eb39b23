import type { AdminConfig } from '../config/file/admin.config.js';
import { StartError } from '../listeners/start-error.js';
import type { Predecessor } from '../process/succession.js';
import { adminAddressOf } from './admin-client.js';

/** Milliseconds within which a running gateway must answer. */
const patience = 5_000;

/** The gateway that runs now, which this process is to follow: known by its admin listener. */
export class RunningGateway implements Predecessor {
  private constructor(
    private readonly url: string,
    private readonly token: string | undefined,
  ) {}

  /** The one at the admin address of a configuration; undefined: none runs there. Rejects with a StartError when the address does not tell. */
  static async find(admin: AdminConfig): Promise<RunningGateway | undefined> {
    const url = adminAddressOf(admin);
    if (url === undefined)
      throw new StartError('--take-over: admin.port must be the one of the running gateway, and not 0');
    try {
      await fetch(new URL('/health/live', url), { signal: AbortSignal.timeout(patience) });
    } catch {
      return undefined;
    }
    return new RunningGateway(url, admin.token);
  }

  async leave(): Promise<void> {
    const headers = this.token === undefined || this.token === '' ? {} : { authorization: `Bearer ${this.token}` };
    const url = new URL('/handover', this.url);
    const response = await fetch(url, { method: 'POST', headers, signal: AbortSignal.timeout(patience) });
    if (response.ok) return;
    const { detail } = (await response.json().catch(() => ({}))) as { readonly detail?: string };
    throw new StartError(`--take-over: the running gateway does not end: ${detail ?? `status ${response.status}`}`);
  }
}
