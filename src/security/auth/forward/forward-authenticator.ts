import type { ForwardAuthConfig } from '../../../config/file/auth.config.js';
import { GatewayError } from '../../../http/gateway-error.js';
import type { PathPolicy } from '../../../http/path-policy.js';
import { Answer, type PolicyContext } from '../../policy.js';
import { foldName } from '../../../fields/fold-name.js';
import type { AuthService, ServiceAnswer } from './auth-service.js';
import { isFieldValue } from '../claim-fields.js';
import { Accepted, CannotTell, type Authenticator, type Decision, type Field } from '../decision.js';
import { questionFields } from './question-fields.js';

/** Fields of the service's answer that a client may get: all that a challenge, a redirect or a page to log in needs. */
const shown: readonly [name: string, spelling: string][] = [
  ['www-authenticate', 'WWW-Authenticate'],
  ['location', 'Location'],
  ['set-cookie', 'Set-Cookie'],
  ['content-type', 'Content-Type'],
  ['content-encoding', 'Content-Encoding'],
  ['content-language', 'Content-Language'],
  ['retry-after', 'Retry-After'],
];

/** Asks another service about each request: a 2xx lets it through, any other answer is the client's. Without an answer: 503. */
export class ForwardAuthenticator implements Authenticator {
  readonly policy = 'forward';
  readonly challenge = undefined;
  readonly credential = 'authorization';
  readonly foreseeing: Authenticator;
  readonly #identity: ReadonlySet<string>;

  /** `identity`: fields by which the gateway tells who sends a request; the client's own are not shown to the service. */
  constructor(
    private readonly settings: Pick<ForwardAuthConfig, 'copyHeaders'>,
    private readonly service: AuthService,
    private readonly path: PathPolicy,
    identity: ReadonlySet<string>,
  ) {
    const wouldAsk = new CannotTell(`would ask ${service.address}`);
    this.foreseeing = {
      policy: this.policy,
      challenge: undefined,
      credential: this.credential,
      authenticate: () => wouldAsk,
    };
    this.#identity = new Set([...identity].map(foldName));
  }

  async authenticate(request: PolicyContext): Promise<Decision> {
    const answer = await this.service.ask(questionFields(request, this.path, this.#identity));
    if (answer instanceof GatewayError) return answer;
    return answer.status < 300 ? this.#accept(answer) : passOn(answer);
  }

  #accept({ headers }: ServiceAnswer): Accepted {
    const fields: Field[] = [];
    for (const name of this.settings.copyHeaders) {
      const value = headers[name];
      const text = Array.isArray(value) ? value.join(', ') : value;
      if (text !== undefined && isFieldValue(text)) fields.push([name, text]);
    }
    const subject = fields.find(([name]) => name === this.settings.copyHeaders[0])?.[1] ?? '';
    return new Accepted({ scheme: 'forward', subject, claims: {} }, 'authorization', fields);
  }
}

function passOn({ status, headers, body }: ServiceAnswer): Answer {
  const fields: string[] = [];
  for (const [name, spelling] of shown) {
    for (const value of [headers[name] ?? []].flat()) if (isFieldValue(value)) fields.push(spelling, value);
  }
  // What was decided for one client must not be another one's.
  fields.push('Cache-Control', 'no-store');
  // A 304 has no body and no length (RFC 9110 §15.4.5).
  if (status !== 304) fields.push('Content-Length', String(body.length));
  return new Answer({ status, headers: fields, body }, status < 400 ? undefined : `forward ${status}`);
}
