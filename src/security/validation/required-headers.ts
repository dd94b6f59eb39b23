import type { GatewayError } from '../../http/gateway-error.js';
import { connectionOptions } from '../../http/request-head.js';
import { denial } from '../denial.js';
import type { PolicyContext, RequestPolicy, Verdict } from '../policy.js';

/** Refuses requests that lack a required field with 400. A field that `Connection` keeps from the backend does not count. */
export class RequiredHeaders implements RequestPolicy {
  readonly #denials: readonly (readonly [name: string, denial: GatewayError])[];

  /** `names` in lower case. */
  constructor(names: readonly string[]) {
    this.#denials = names.map(name => [
      name,
      denial('required-headers', name, { status: 400, detail: `The request must have the header field ${name}.` }),
    ]);
  }

  check({ headers }: PolicyContext): Verdict {
    const { connection } = headers;
    const isPlain = connection === undefined || /^(?:keep-alive|close)$/i.test(connection);
    const kept = isPlain ? undefined : connectionOptions(connection);
    for (const [name, denial] of this.#denials) {
      // A field named `constructor` must not be found among the properties that every object inherits.
      if (!Object.hasOwn(headers, name) || kept?.has(name) === true) return denial;
    }
    return undefined;
  }
}
