import { describe, expect, it } from 'vitest';
import { codeOf, roadTo } from '../../test/support/road-scene.js';
import { GatewayError } from '../http/gateway-error.js';
import { Answer } from '../security/policy.js';
import { Places } from './lasting/places.js';

const denied = new GatewayError('DENIED', 'no', undefined, 403, ['X-Why', 'because']);

describe('an exchange that fails', () => {
  it('is answered with a problem document that has its id, and what is under way is given up', async () => {
    const road = await roadTo();
    const { exchange, answer } = road.open();
    const given: string[] = [];
    exchange.underWay = { giveUp: () => given.push('up') };
    exchange.fail(denied);
    exchange.fail(new GatewayError('INTERNAL'));
    expect([answer.told[0], answer.told.length, answer.field('x-why'), answer.field('x-gateway-error')]).toEqual([
      '403',
      3,
      'because',
      'DENIED',
    ]);
    expect(JSON.parse(answer.told[1]!)).toMatchObject({ status: 403, detail: 'no', requestId: exchange.id });
    expect([exchange.status, exchange.errorCode, exchange.errorReason, given]).toEqual([
      403,
      'DENIED',
      // Where nothing more is known, what the client is told.
      'no',
      ['up'],
    ]);
  });

  it('is cut where its head is with the client, or the client has gone', async () => {
    const road = await roadTo();
    const begun = road.open();
    begun.answer.headSent = true;
    begun.exchange.status = 200;
    begun.exchange.fail(new GatewayError('BODY_BROKEN'));
    expect([begun.answer.told, begun.exchange.status]).toEqual([['abort'], 200]);
    const gone = road.open();
    gone.leave();
    expect([gone.answer.told, gone.exchange.status]).toEqual([['abort'], 499]);
  });

  it('may have another answer than the problem document', async () => {
    const road = await roadTo();
    const { exchange, answer } = road.open();
    exchange.fail(denied, { status: 200, headers: ['X-Own', '1'], body: 'later' });
    expect([answer.told, answer.field('x-own'), exchange.errorCode]).toEqual([['200', 'later', 'end'], '1', 'DENIED']);
  });

  it('lets its client send a body to the end', async () => {
    const road = await roadTo();
    const { exchange, message } = road.open({ method: 'PUT', fields: ['Transfer-Encoding', 'chunked'] });
    exchange.openBody(0, 0);
    exchange.body!.whenShown(() => {});
    exchange.fail(denied);
    expect([message.isPaused(), exchange.body!.replayable]).toEqual([false, false]);
  });
});

describe('an exchange that a policy settles', () => {
  it('fails with an error, and gets an answer that is none', async () => {
    const road = await roadTo();
    const refused = road.open();
    refused.exchange.settle(denied);
    const answered = road.open();
    answered.exchange.settle(new Answer({ status: 204, headers: [], body: '' }));
    expect([codeOf(refused), codeOf(answered), answered.answer.told[0]]).toEqual(['DENIED', undefined, '204']);
    refused.exchange.settle(new Answer({ status: 204, headers: [], body: '' }));
    expect(refused.answer.told[0]).toBe('403');
  });
});

describe('an answer of the gateway itself', () => {
  it('counts its bytes, but for HEAD, and shows the id', async () => {
    const road = await roadTo();
    for (const [method, bytes] of [
      ['GET', 3],
      ['HEAD', 0],
    ] as const) {
      const { exchange, answer } = road.open({ method });
      exchange.respond({ status: 200, headers: ['X-Request-Id', 'other'], body: 'aä' });
      expect([exchange.bytesOut, exchange.status, answer.headers]).toEqual([bytes, 200, ['X-Request-Id', exchange.id]]);
    }
  });

  it('has the fields that policies have set', async () => {
    const { exchange, answer } = (await roadTo()).open();
    exchange.setResponseHeader('X-Set', '1');
    exchange.setResponseHeader('x-set', '2');
    exchange.respond({ status: 200, headers: ['X-SET', '0'], body: Buffer.from('abcd') });
    expect([
      answer.headers
        .filter((_, at) => at % 2 === 0)
        .map(name => name.toLowerCase())
        .sort(),
      exchange.bytesOut,
    ]).toEqual([['x-request-id', 'x-set'], 4]);
    expect(answer.field('x-set')).toBe('2');
  });
});

describe('the fields that policies change in a request', () => {
  it('stand in the place of all fields of that name, or of none', async () => {
    const { exchange } = (await roadTo()).open();
    exchange.setRequestHeader('X-User', 'me');
    exchange.setRequestHeader('X-Gone');
    const headers = ['x-user', 'you', 'X_User', 'they', 'X-Gone', '1', 'X-Kept', '2'];
    exchange.editRequest(headers);
    expect(headers).toEqual(['X-Kept', '2', 'X-User', 'me']);
  });

  it('do not come back behind the body', async () => {
    const headers = { request: { remove: ['x-ruled'] }, response: { remove: ['x-shown'] } };
    const road = await roadTo(['a'], {}, { routes: [{ name: 'all', upstream: 'app', headers }] });
    const { exchange } = road.open();
    exchange.setRequestHeader('X-User', 'me');
    const raw = ['X_User', '1', 'X-Ruled', '2', 'Content-Length', '3', 'X-Sum', '4'];
    expect(exchange.passedTrailers(raw)).toEqual(['X-Sum', '4']);
    exchange.setResponseHeader('X-Set', '1');
    expect(exchange.shownTrailers(['X-Set', '1', 'X-Shown', '2', 'X-Request-Id', '3', 'X-Sum', '4'])).toEqual([
      'X-Sum',
      '4',
    ]);
  });
});

describe('what an exchange tells of itself', () => {
  it('is what its access line needs', async () => {
    const { exchange } = (await roadTo()).send();
    expect(exchange).toMatchObject({
      listener: 'web',
      httpVersion: '1.1',
      scheme: 'http',
      host: 'a.example',
      backendId: 'a',
      attempts: 1,
      bytesIn: 0,
      events: undefined,
      resumes: undefined,
      errorCode: undefined,
    });
  });

  it('counts the bytes of its body', async () => {
    const { exchange, message } = (await roadTo()).send({ method: 'PUT', fields: ['Content-Length', '5'] });
    message.arrive(Buffer.from('hello'));
    await new Promise<void>(resolve => process.nextTick(resolve));
    expect([exchange.bytesIn, exchange.expectsContinue, exchange.withholdsContinue]).toEqual([5, false, false]);
  });

  it('says whether its client waits for a 100, and may hold its body back', async () => {
    const { exchange } = (await roadTo()).send({ method: 'PUT', fields: ['Content-Length', '5'], expects: true });
    expect([exchange.expectsContinue, exchange.withholdsContinue]).toEqual([true, true]);
  });

  it('says whether its client takes trailers: on HTTP/2 only with a body', async () => {
    const road = await roadTo();
    const te = ['TE', 'trailers'];
    const takes = (options: object): boolean => road.open(options).exchange.acceptsTrailers;
    expect([
      takes({ fields: te }),
      takes({}),
      takes({ fields: te, httpVersion: '2.0' }),
      takes({ fields: [...te, 'Content-Length', '1'], httpVersion: '2.0', method: 'PUT' }),
    ]).toEqual([true, false, false, true]);
  });

  it('says that it asks for an event stream only where it does by name', async () => {
    const road = await roadTo();
    const asks = (accept: string): boolean => road.open({ fields: ['Accept', accept] }).exchange.wantsEvents;
    expect([asks('text/event-stream'), asks('*/*'), asks('text/html')]).toEqual([true, false, false]);
  });
});

describe('what an exchange takes', () => {
  it('is one place at most', async () => {
    const { exchange } = (await roadTo()).open();
    const places = new Places(1);
    expect([exchange.takePlace(places), exchange.takePlace(places), places.open]).toEqual([true, true, 1]);
    const other = (await roadTo()).open().exchange;
    expect([other.takePlace(places), other.places, places.open]).toEqual([false, undefined, 1]);
  });
});
