import { foldName, isUnusualName } from '../../fields/fold-name.js';
import type { PolicyContext } from '../policy.js';
import type { Accepted } from './decision.js';

/** Fields that backends use for their own purposes as well: they are removed only on routes whose own block requires it. */
const commonFields: ReadonlySet<string> = new Set(['authorization', 'cookie']);

/** Decides which fields about the sender of a request a backend may see. */
export class BackendFields {
  readonly #removed: readonly string[];
  readonly #folded: ReadonlySet<string>;
  /** One of the names has unusual characters, so every field may be a look-alike. */
  readonly #unusual: boolean;

  /**
   * `identity`: the fields in which the gateway tells backends who sends a request. `credentials`: the fields from which it
   * reads credentials. `kept`: the credential fields that the backend gets after they have let a request pass. Names in lower
   * case.
   */
  constructor(
    private readonly identity: ReadonlySet<string>,
    private readonly credentials: ReadonlySet<string>,
    private readonly kept: ReadonlySet<string>,
  ) {
    this.#removed = [...new Set([...identity, ...credentials])];
    this.#folded = new Set(this.#removed.map(foldName));
    this.#unusual = this.#removed.some(isUnusualName);
  }

  /**
   * Removes the client's fields of these names, and adds the fields of the identity that was found. `refused`: fields whose
   * credentials another method has refused, or could not check.
   */
  apply(request: PolicyContext, accepted: readonly Accepted[], refused: readonly string[] = []): void {
    for (const name of this.#removed) request.setRequestHeader(name);
    // Servers that turn names into variables (CGI, WSGI, PHP) cannot tell X_User_Id from X-User-Id.
    for (const name in request.headers) {
      if ((this.#unusual || isUnusualName(name)) && this.#folded.has(foldName(name))) request.setRequestHeader(name);
    }
    for (const { credential } of accepted) if (!refused.includes(credential)) this.#passOn(request, credential);
    for (const { fields } of accepted) for (const [name, value] of fields) request.setRequestHeader(name, value);
  }

  /** Passes on the credential that the gateway has read: when a field was sent twice, the backend must not read the other one. */
  #passOn(request: PolicyContext, credential: string): void {
    if (this.identity.has(credential) || (this.credentials.has(credential) && !this.kept.has(credential))) return;
    const value = request.headers[credential];
    if (typeof value === 'string') request.setRequestHeader(credential, value);
  }
}

/** Those of the identity fields of a route that clients may not send on other routes either. */
export function forbiddenElsewhere(names: Iterable<string>): string[] {
  return [...names].filter(name => !commonFields.has(name));
}
