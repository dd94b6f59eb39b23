import { GatewayError } from '../../http/gateway-error.js';
import type { PolicyKind } from '../denial.js';
import type { Answer, Identity, PolicyContext } from '../policy.js';

/** A field that the backend gets: its name in lower case, and its value. */
export type Field = readonly [name: string, value: string];

/** The request has valid credentials. */
export class Accepted {
  constructor(
    readonly identity: Identity,
    /** The field with the credentials, in lower case. */
    readonly credential: string,
    /** The fields that tell the backend about the sender. */
    readonly fields: readonly Field[] = [],
  ) {}
}

/** The request has no valid credentials. A method has one object for each reason, so that the response is built once. */
export class Refused {
  constructor(
    /** One sentence for the client. */
    readonly detail: string,
    /** For the log only: the method, and what is wrong. */
    readonly reason: string,
    /** Replaces the method's plain challenge. */
    readonly challenge?: string,
    /** Whether the request had credentials for this method. */
    readonly given: boolean = true,
  ) {}
}

/** The result of a method. A {@link GatewayError}: the method could not decide. An {@link Answer}: the method answers the client itself. */
export type Decision = Accepted | Refused | GatewayError | Answer;

/** One way to prove who sends a request. */
export interface Authenticator {
  /** What the metrics call it. */
  readonly policy: PolicyKind;
  /** The field from which it reads credentials, in lower case. */
  readonly credential: string;
  /** For `WWW-Authenticate` (RFC 9110 §11.6.1); undefined for a method that answers itself. */
  readonly challenge: string | undefined;
  /** Never throws or rejects. Returns a promise only when it must wait. */
  authenticate(request: PolicyContext): Decision | Promise<Decision>;
  /** The same method without effect: where it would have to ask another server, its decision is a {@link CannotTell}. Absent: this one has none. */
  readonly foreseeing?: Authenticator;
}

/** In place of the decision of a method that would have to ask another server. For explanations. */
export class CannotTell extends GatewayError {
  /** `why`: what it would ask, for the operator. */
  constructor(why: string) {
    super('AUTH_UNAVAILABLE', why, why);
  }
}

/** The result of a method when the request has no credentials. */
export const noCredentials = new Refused('Credentials are required.', 'auth no credentials', undefined, false);
