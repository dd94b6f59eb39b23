import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../http/gateway-error.js';
import { Answer, type Identity, type PolicyContext, type Verdict } from '../policy.js';
import { Authentication } from './authentication.js';
import { BackendFields } from './backend-fields.js';
import { Accepted, noCredentials, Refused, type Authenticator, type Decision } from './decision.js';

const accepted = (scheme: string): Accepted =>
  new Accepted({ scheme, subject: scheme, claims: {} }, 'authorization', [[`x-${scheme}`, scheme]]);
const wrong = new Refused('no', 'wrong');
const undecided = new GatewayError('DENIED', 'later', undefined, 503);
const page = new Answer({ status: 302, headers: [], body: '' });

/** A method that always decides the same: at once, or a little later. */
function method(decision: Decision, challenge?: string, later = false): Authenticator & { asked: number } {
  const self = {
    policy: 'jwt' as const,
    challenge,
    credential: 'authorization',
    asked: 0,
    authenticate: () => {
      self.asked++;
      return later ? Promise.resolve(decision) : decision;
    },
  };
  return self;
}

function request(headers: Record<string, string> = {}) {
  const edits = new Map<string, string | undefined>();
  const context: PolicyContext = {
    id: 'id',
    protocol: 'http',
    method: 'GET',
    host: 'shop.example',
    path: '/',
    headers,
    rawHeaders: Object.entries(headers).flat(),
    hasBody: false,
    clientIp: '192.0.2.1',
    query: undefined,
    scheme: 'http',
    identity: undefined as Identity | undefined,
    setRequestHeader: (name, value) => void edits.set(name, value),
    setResponseHeader: () => undefined,
    onClose: () => undefined,
  };
  return { context, edits };
}

const fields = new BackendFields(new Set(['x-one', 'x-two']), new Set(), new Set());
const policy = (mode: 'any' | 'all', ...methods: Authenticator[]): Authentication =>
  new Authentication(methods, mode, fields);
const what = (verdict: Verdict): unknown => (verdict instanceof GatewayError ? verdict.status : verdict);

describe.each([false, true])('authentication with methods that answer later: %s', later => {
  const one = () => method(accepted('one'), 'One', later);
  const two = () => method(accepted('two'), 'Two', later);
  const no = (decision: Decision, challenge?: string) => method(decision, challenge, later);

  it('ends with the first method that accepts, where one is enough', async () => {
    const [first, last] = [one(), two()];
    const { context, edits } = request();
    expect(await policy('any', no(wrong), first, last).check(context)).toBeUndefined();
    expect([context.identity?.subject, last.asked]).toEqual(['one', 0]);
    expect([edits.get('x-one'), edits.has('x-two'), edits.get('x-two')]).toEqual(['one', true, undefined]);
  });

  it('takes the fields of all methods, and the identity of the first, where all must agree', async () => {
    const { context, edits } = request();
    expect(await policy('all', one(), two()).check(context)).toBeUndefined();
    expect([context.identity?.subject, edits.get('x-one'), edits.get('x-two')]).toEqual(['one', 'one', 'two']);
  });

  it('tells the backend by the field for it who sends the request, unless the name cannot stand in a field', async () => {
    const told = async (scheme: string, subject: string): Promise<unknown> => {
      const by = new Accepted({ scheme, subject, claims: {} }, 'authorization');
      const { context, edits } = request({ 'x-user': 'root' });
      const names = new BackendFields(new Set(['x-user']), new Set(), new Set());
      await new Authentication([method(by, undefined, later)], 'any', names, 'x-user').check(context);
      return edits.get('x-user');
    };
    expect([await told('api-key', 'partner-1'), await told('forward', 'ann')]).toEqual(['partner-1', 'ann']);
    expect(await told('basic', 'jürgen')).toBe(Buffer.from('jürgen').toString('latin1'));
    expect([await told('jwt', ''), await told('basic', 'a\nb'), await told('jwt', ' ann')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it.each<[string, Decision[], unknown]>([
    ['503, when a method could not find out', [wrong, undecided, page], 503],
    ['the answer of a method that answers itself, over a refusal', [wrong, page, noCredentials], page],
    ['401 otherwise', [noCredentials, wrong], 401],
  ])('gives %s', async (_, decisions, expected) => {
    const { context, edits } = request();
    for (const order of [decisions, decisions.toReversed()]) {
      expect(what(await policy('any', ...order.map(each => no(each))).check(context))).toBe(expected);
    }
    expect([context.identity, edits.size]).toEqual([undefined, 0]);
  });

  it('stops at the first method that does not accept, where all must agree', async () => {
    for (const [decision, expected] of [
      [wrong, 401],
      [undecided, 503],
      [page, page],
    ] as const) {
      const last = two();
      const { context } = request();
      expect(what(await policy('all', one(), no(decision), last).check(context))).toBe(expected);
      expect([last.asked, context.identity]).toEqual([0, undefined]);
    }
  });

  it('offers the challenges of all methods, with the special challenge of the method that refused', async () => {
    const refused = new Refused('no', 'expired', 'Two error="invalid_token"');
    const all = policy('any', no(noCredentials, 'One'), no(refused, 'Two'), no(noCredentials));
    const verdict = (await all.check(request().context)) as GatewayError;
    expect(verdict.headers).toEqual(['WWW-Authenticate', 'One', 'WWW-Authenticate', 'Two error="invalid_token"']);
    expect([verdict.detail, verdict.reason]).toEqual(['no', 'expired']);
    expect(await all.check(request().context)).toBe(verdict);
  });

  it('never mixes up the challenges of two methods that refuse for the same reason', async () => {
    const decisions: Decision[] = [noCredentials, noCredentials];
    const changing = (index: number, challenge: string): Authenticator => ({
      policy: 'jwt',
      challenge,
      credential: 'authorization',
      authenticate: () => decisions[index]!,
    });
    const all = policy('all', changing(0, 'One'), changing(1, 'Two'));
    expect(((await all.check(request().context)) as GatewayError).headers[1]).toBe('One');
    decisions[0] = accepted('one');
    expect(((await all.check(request().context)) as GatewayError).headers[1]).toBe('Two');
  });

  it('does not pass a credential on that one method has refused because another has let the request in', async () => {
    const kept = new Set(['authorization']);
    const passed = async (first: Decision): Promise<unknown> => {
      const { context, edits } = request({ authorization: 'Bearer forged' });
      const methods = [no(first), one()];
      const policy = new Authentication(methods, 'any', new BackendFields(new Set(), kept, kept));
      expect(await policy.check(context)).toBeUndefined();
      return edits.get('authorization');
    };
    expect(await passed(wrong)).toBeUndefined();
    expect(await passed(undecided)).toBeUndefined();
    expect(await passed(noCredentials)).toBe('Bearer forged');
  });

  it('refuses two Authorization fields before it asks a method', async () => {
    const first = one();
    const { context } = request({ authorization: 'a' });
    const twice = { ...context, rawHeaders: ['authorization', 'a', 'AUTHORIZATION', 'a'] };
    expect(what(await policy('any', first).check(twice))).toBe(400);
    expect(first.asked).toBe(0);
  });
});

describe('the fields that a backend gets', () => {
  const apply = (headers: Record<string, string>, names: BackendFields, ...by: Accepted[]) => {
    const { context, edits } = request(headers);
    names.apply(context, by);
    return edits;
  };
  const credentials = new Set(['authorization', 'x-api-key']);
  const names = (keep: boolean): BackendFields =>
    new BackendFields(new Set(['x-user-id', 'x_tenant']), credentials, keep ? credentials : new Set());

  it('lose every spelling that a backend could read as the name of one of ours', () => {
    const forged = [
      'x-user-id',
      'x_user_id',
      'x-user_id',
      'x.user.id',
      'x_tenant',
      'x-tenant',
      'x_api_key',
      'authorization',
    ];
    const edits = apply(
      Object.fromEntries([...forged, 'x-user', 'x-userid', 'accept'].map(name => [name, 'root'])),
      names(true),
    );
    for (const name of forged) expect([name, edits.has(name), edits.get(name)]).toEqual([name, true, undefined]);
    for (const name of ['x-user', 'x-userid', 'accept']) expect(edits.has(name)).toBe(false);
  });

  it('keep the credentials that were accepted, if they are configured to be kept, and no others', () => {
    const sent = { authorization: 'Bearer a', 'x-api-key': 'k' };
    const byKey = new Accepted({ scheme: 'api-key', subject: '', claims: {} }, 'x-api-key');
    expect([...apply(sent, names(true), byKey)]).toContainEqual(['x-api-key', 'k']);
    expect(apply(sent, names(true), byKey).get('authorization')).toBeUndefined();
    expect(apply(sent, names(false), byKey).get('x-api-key')).toBeUndefined();
  });
});
