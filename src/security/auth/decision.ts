import type { GatewayError } from '../../http/gateway-error.js';
import type { Answer, Identity, PolicyContext } from '../policy.js';

/** A field that the backend gets: its name in lower case, and its value. */
export type Field = readonly [name: string, value: string];

/** A request has proved who sends it. */
export class Accepted {
  constructor(
    readonly identity: Identity,
    /** The field that the proof stands in, in lower case. */
    readonly credential: string,
    /** What the backend is told of the sender. */
    readonly fields: readonly Field[] = [],
  ) {}
}

/** A request has not proved who sends it. One object for each reason that a method has, so that its response is made once. */
export class Refused {
  constructor(
    /** One sentence for the client. */
    readonly detail: string,
    /** For the log only. */
    readonly reason: string,
    /** Takes the place of the method's plain challenge. */
    readonly challenge?: string,
    /** Credentials of this method were there. */
    readonly given: boolean = true,
  ) {}
}

/** What a method finds. A {@link GatewayError}: it could not be found out. An {@link Answer}: the method answers the client itself. */
export type Decision = Accepted | Refused | GatewayError | Answer;

/** One way to prove who sends a request. */
export interface Authenticator {
  /** The field that it reads credentials from, in lower case. */
  readonly credential: string;
  /** For `WWW-Authenticate` (RFC 9110 §11.6.1); undefined for a method that answers itself. */
  readonly challenge: string | undefined;
  /** Never throws or rejects. Without a promise where nothing has to be waited for. */
  authenticate(request: PolicyContext): Decision | Promise<Decision>;
}

/** What a method without credentials in the request says. */
export const noCredentials = new Refused('Credentials are required.', 'no credentials', undefined, false);
