import { GatewayError } from '../../http/gateway-error.js';
import { RawHeaders } from '../../fields/raw-headers.js';
import { denial, type PolicyKind } from '../denial.js';
import { Answer, type Foreseen, type PolicyContext, type RequestPolicy, type Verdict } from '../policy.js';
import type { BackendFields } from './backend-fields.js';
import { fieldText } from './claim-fields.js';
import { Accepted, CannotTell, Refused, type Authenticator, type Decision } from './decision.js';

type Denial = Exclude<Decision, Accepted>;

/**
 * Lets a request pass when one of the methods accepts it, or all of them, as configured. Otherwise: 503 when a method could not
 * decide, the answer of a method that answers itself, or 401 with the challenges of the methods (RFC 9110 §11.6.1).
 */
export class Authentication implements RequestPolicy {
  /** Responses that have already been built, by method and refusal. */
  readonly #refusals: ReadonlyMap<Authenticator, Map<Refused, GatewayError>>;

  constructor(
    private readonly methods: readonly Authenticator[],
    private readonly mode: 'any' | 'all',
    private readonly fields: BackendFields,
    /** The field that tells the backend who sends a request, in lower case. */
    private readonly userField?: string,
  ) {
    this.#refusals = new Map(methods.map(method => [method, new Map<Refused, GatewayError>()]));
  }

  check(request: PolicyContext): Verdict | Promise<Verdict> {
    // The gateway and the backend might read different ones (RFC 9110 §11.6.2 allows only one).
    if (request.headers.authorization !== undefined && RawHeaders.repeats(request.rawHeaders, 'authorization')) {
      return repeated;
    }
    return this.mode === 'any' ? this.#askForOne(request, 0, []) : this.#askAll(request, 0, []);
  }

  async foresee(request: PolicyContext): Promise<Foreseen> {
    const methods = this.methods.map(method => method.foreseeing ?? method);
    const verdict = await new Authentication(methods, this.mode, this.fields, this.userField).check(request);
    if (verdict instanceof CannotTell) return { verdict: 'unknown', says: [verdict.reason ?? ''] };
    const { identity } = request;
    const says = verdict !== undefined || identity === undefined ? [] : [`${identity.scheme}: ${identity.subject}`];
    return { verdict, says };
  }

  #askForOne(request: PolicyContext, from: number, denied: readonly Denied[]): Verdict | Promise<Verdict> {
    let all = denied;
    for (let i = from; i < this.methods.length; i++) {
      const method = this.methods[i]!;
      const decision = method.authenticate(request);
      if (decision instanceof Promise) {
        const before = all;
        return decision.then(later =>
          later instanceof Accepted
            ? this.#pass(request, [later], before)
            : this.#askForOne(request, i + 1, [...before, { denial: later, method }]),
        );
      }
      if (decision instanceof Accepted) return this.#pass(request, [decision], all);
      all = [...all, { denial: decision, method }];
    }
    return this.#deny(all.reduce(weightier));
  }

  #askAll(request: PolicyContext, from: number, accepted: Accepted[]): Verdict | Promise<Verdict> {
    for (let i = from; i < this.methods.length; i++) {
      const method = this.methods[i]!;
      const decision = method.authenticate(request);
      if (decision instanceof Promise) {
        return decision.then(later => {
          if (!(later instanceof Accepted)) return this.#deny({ denial: later, method });
          accepted.push(later);
          return this.#askAll(request, i + 1, accepted);
        });
      }
      if (!(decision instanceof Accepted)) return this.#deny({ denial: decision, method });
      accepted.push(decision);
    }
    return this.#pass(request, accepted, []);
  }

  /** Sets the fields of the backend. A credential that one method has refused is removed, even though another method has let the request in. */
  #pass(request: PolicyContext, accepted: readonly Accepted[], denied: readonly Denied[]): undefined {
    request.identity = accepted[0]!.identity;
    const refused = denied.filter(({ denial }) => weight(denial) > 0).map(({ method }) => method.credential);
    this.fields.apply(request, accepted, refused);
    if (this.userField !== undefined) this.#tellUser(request, this.userField);
  }

  #tellUser(request: PolicyContext, field: string): void {
    const { scheme, subject } = request.identity!;
    // What the auth service says came in a field, as bytes; the others are texts.
    const value = scheme === 'forward' ? subject : fieldText(subject);
    if (value !== undefined && value !== '') request.setRequestHeader(field, value);
  }

  #deny({ denial, method }: Denied): Verdict {
    if (!(denial instanceof Refused)) return denial;
    const made = this.#refusals.get(method)!;
    let error = made.get(denial);
    if (error === undefined) {
      error = this.#refusal(denial, method);
      made.set(denial, error);
    }
    return error;
  }

  #refusal({ challenge, detail, given, reason }: Refused, by: Authenticator): GatewayError {
    // When all methods must agree, only the one that refused can help the client.
    const asked = this.mode === 'any' ? this.methods : [by];
    const challenges = asked.map(each => (each === by ? challenge : undefined) ?? each.challenge);
    const headers = challenges.flatMap(each => (each === undefined ? [] : ['WWW-Authenticate', each]));
    const policy: PolicyKind = given ? by.policy : 'auth';
    return new GatewayError('DENIED', detail, reason, 401, headers, undefined, { policy });
  }
}

const repeated = denial('auth', 'more than one Authorization field', {
  status: 400,
  detail: 'The request has more than one Authorization field.',
});

interface Denied {
  readonly denial: Denial;
  readonly method: Authenticator;
}

/** The denial that the client gets: the one with the higher weight, or the first of two with the same weight. */
function weightier(one: Denied, other: Denied): Denied {
  return weight(one.denial) >= weight(other.denial) ? one : other;
}

function weight(denial: Denial): number {
  if (denial instanceof GatewayError) return 3;
  if (denial instanceof Answer) return 2;
  return denial.given ? 1 : 0;
}
