import { foldName, isUnusualName } from '../../fields/fold-name.js';
import type { PolicyContext } from '../policy.js';
import type { Accepted } from './decision.js';

/** Fields whose meaning is not the gateway's alone: they are taken away only where a route's own block says so. */
const commonFields: ReadonlySet<string> = new Set(['authorization', 'cookie']);

/** Which fields of a request speak of its sender, and what a backend may see of them. */
export class BackendFields {
  readonly #removed: readonly string[];
  readonly #folded: ReadonlySet<string>;
  /** One of the names is unusual itself: then every field may be a look-alike. */
  readonly #unusual: boolean;

  /**
   * `identity`: the fields by which the gateway tells who sends a request. `credentials`: those that it reads credentials from.
   * `kept`: those of them that the backend gets where they have let a request through. Names in lower case.
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
   * Takes away what the client has said under these names, and puts what was found out in its place. `refused`: fields whose
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

  /** As it was read: of a field that was sent twice, the backend must not read the other one. */
  #passOn(request: PolicyContext, credential: string): void {
    if (this.identity.has(credential) || (this.credentials.has(credential) && !this.kept.has(credential))) return;
    const value = request.headers[credential];
    if (typeof value === 'string') request.setRequestHeader(credential, value);
  }
}

/** Of the fields by which a route tells who sends a request: those that no client may send on any other route either. */
export function forbiddenElsewhere(names: Iterable<string>): string[] {
  return [...names].filter(name => !commonFields.has(name));
}
