import { describe, expect, it } from 'vitest';
import { settle } from '../../test/support/body-scene.js';
import { codeOf, roadTo } from '../../test/support/road-scene.js';
import { GatewayError } from '../http/gateway-error.js';
import type { RequestPolicy, Verdict } from '../security/policy.js';

/** Lets what comes behind the message that brought the head happen. */
const tick = (): Promise<void> => new Promise(resolve => process.nextTick(resolve));

/** A policy that looks at bodies. */
function bodyPolicy(verdict: (body: string) => Verdict) {
  const seen: string[] = [];
  const policy: RequestPolicy = {
    check: () => undefined,
    checkBody: (_, body) => {
      seen.push(body.toString());
      return verdict(body.toString());
    },
  };
  return { seen, sources: [{ policies: () => [{ stage: 'custom' as const, policy }] }] };
}

describe('an exchange that is dispatched', () => {
  it('is left alone where it was answered, or has ended, before', async () => {
    const road = await roadTo();
    const gone = road.open();
    gone.leave();
    road.dispatcher.dispatch(gone.exchange);
    const answered = road.open();
    answered.exchange.respond({ status: 401, headers: [], body: '' });
    road.dispatcher.dispatch(answered.exchange);
    expect([road.forwarder.attempts, gone.answer.told, answered.answer.told]).toEqual([
      [],
      ['abort'],
      ['401', '', 'end'],
    ]);
    expect([gone.exchange.times.dispatchedAt, answered.exchange.times.dispatchedAt]).toEqual([0, 0]);
  });

  it('gets 404 without a route', async () => {
    const road = await roadTo(['a'], {}, { routes: [{ match: { path: '/app/*' }, upstream: 'app' }] });
    const request = road.send({ path: '/other' });
    expect([codeOf(request), request.answer.told[0]]).toEqual(['NO_ROUTE', '404']);
  });

  it('is answered here where its route says so, or it may go no further', async () => {
    const routes = [
      { name: 'fixed', match: { path: '/fixed' }, respond: { status: 201, body: 'here' } },
      { name: 'moved', match: { path: '/old' }, redirect: { to: '/new' } },
      { name: 'all', match: { path: '/*' }, upstream: 'app' },
    ];
    const road = await roadTo(['a'], {}, { routes });
    expect(road.send({ path: '/fixed' }).answer.told).toEqual(['201', 'here', 'end']);
    const moved = road.send({ path: '/old' }).answer;
    expect([moved.told[0]![0], moved.field('location')]).toEqual(['3', '/new']);
    const last = road.send({ method: 'OPTIONS', fields: ['Max-Forwards', '0'] });
    expect([last.answer.told[0], road.forwarder.attempts]).toEqual(['204', []]);
  });

  it('adds its share to the retry budget', async () => {
    const attempts = async (budget: string): Promise<number> => {
      const road = await roadTo(['a'], { retries: { budget } });
      for (let count = 0; count < 100; count++) road.send();
      let taken = 0;
      while (road.target().budget.take(performance.now())) taken++;
      return taken;
    };
    const [most, none] = [await attempts('100%'), await attempts('0%')];
    expect(most).toBeGreaterThan(80);
    expect(none).toBeLessThan(40);
  });

  it('has its copies sent to a mirror, which cannot change what becomes of it', async () => {
    const at = (id: string) => ({ backends: [{ id, url: `http://${id}.test` }] });
    const others = {
      upstreams: { app: at('a'), shadow: at('m') },
      routes: [{ name: 'all', upstream: 'app', mirror: { upstream: 'shadow' } }],
    };
    const road = await roadTo(['a'], {}, others);
    const { answer } = road.send();
    expect(road.forwarder.asked).toEqual(['m', 'a']);
    road.forwarder.attempts[0]!.fail('RESET');
    road.forwarder.attempts[1]!.answer();
    expect([answer.told, road.inFlight]).toEqual([
      ['200', 'ok', 'end'],
      [0, 0],
    ]);
  });
});

describe('a request with a body', () => {
  it('waits until a small one of a known length is there, and is sent with it as a whole', async () => {
    const road = await roadTo();
    const { message } = road.send({ method: 'PUT', fields: ['Content-Length', '5'] });
    message.arrive(Buffer.from('hello'));
    expect(road.forwarder.attempts).toEqual([]);
    await tick();
    expect(road.forwarder.last.request.body?.toString()).toBe('hello');
  });

  it('is sent at once where it is chunked, or its client waits for a 100', async () => {
    const road = await roadTo();
    road.send({ method: 'PUT', fields: ['Transfer-Encoding', 'chunked'] });
    road.send({ method: 'PUT', fields: ['Content-Length', '5'], expects: true });
    expect([road.forwarder.asked, road.forwarder.last.request.expectsContinue]).toEqual([['a', 'a'], true]);
  });

  it('is refused where its body is larger than the route allows', async () => {
    const others = { security: { validation: { maxBody: '4b' } } };
    const road = await roadTo(['a'], {}, others);
    const request = road.send({ method: 'PUT', fields: ['Content-Length', '5'] });
    request.message.arrive(Buffer.from('hello'));
    await settle();
    expect([codeOf(request), road.forwarder.attempts]).toEqual(['BODY_TOO_LARGE', []]);
  });
});

describe('a request on HTTP/2 that need not have a body', () => {
  const chunked = { httpVersion: '2.0', fields: ['Transfer-Encoding', 'chunked'] } as const;

  it('has none where its stream ends without one, and no framing then', async () => {
    const road = await roadTo();
    const { exchange, message } = road.send({ ...chunked, fields: [...chunked.fields], method: 'GET' });
    await settle();
    expect(road.forwarder.attempts).toEqual([]);
    message.finish();
    await settle();
    expect([road.forwarder.last.request.body, exchange.body, exchange.hasBody]).toEqual([undefined, undefined, false]);
  });

  it('has one as soon as a piece of it has come', async () => {
    const road = await roadTo();
    const { message } = road.send({ ...chunked, fields: [...chunked.fields], method: 'GET' });
    message.arrive(Buffer.from('x'));
    await settle();
    expect(road.forwarder.last.request.body).toBeDefined();
  });

  it('is sent soon all the same, once, where its method has a body as a rule', async () => {
    const road = await roadTo();
    const { message } = road.send({ ...chunked, fields: [...chunked.fields], method: 'POST' });
    await settle();
    expect(road.forwarder.asked).toEqual(['a']);
    message.arrive(Buffer.from('x'));
    message.finish();
    await settle();
    expect(road.forwarder.asked).toEqual(['a']);
  });

  it('is not sent where the client has left before', async () => {
    const road = await roadTo();
    const { leave } = road.send({ ...chunked, fields: [...chunked.fields], method: 'POST' });
    leave();
    await settle();
    expect(road.forwarder.attempts).toEqual([]);
  });
});

describe('a policy for bodies', () => {
  it('sees all of it before a backend does, also where its client waits for a 100', async () => {
    const { seen, sources } = bodyPolicy(() => undefined);
    const road = await roadTo(['a'], {}, {}, sources);
    const { answer, message } = road.send({ method: 'PUT', fields: ['Content-Length', '4'], expects: true });
    expect([answer.told, road.forwarder.attempts]).toEqual([['(100)'], []]);
    message.arrive(Buffer.from('ab'));
    message.arrive(Buffer.from('cd'));
    message.finish();
    await settle();
    expect([seen, road.forwarder.last.request.body?.toString()]).toEqual([['abcd'], 'abcd']);
  });

  it('ends the exchange with what it decides', async () => {
    const { sources } = bodyPolicy(() => new GatewayError('DENIED', 'not so', undefined, 422));
    const road = await roadTo(['a'], {}, {}, sources);
    const { answer, message } = road.send({ method: 'PUT', fields: ['Content-Length', '1'] });
    message.arrive(Buffer.from('a'));
    message.finish();
    await settle();
    expect([answer.told[0], road.forwarder.attempts]).toEqual(['422', []]);
  });

  it('is not asked for a body that broke, nor once the exchange has ended', async () => {
    const { seen, sources } = bodyPolicy(() => undefined);
    const road = await roadTo(['a'], {}, {}, sources);
    const broken = road.send({ method: 'PUT', fields: ['Content-Length', '4'] });
    broken.message.destroy();
    const ended = road.send({ method: 'PUT', fields: ['Content-Length', '1'] });
    ended.leave();
    ended.message.arrive(Buffer.from('a'));
    ended.message.finish();
    await settle();
    expect([codeOf(broken), codeOf(ended), seen, road.forwarder.attempts]).toEqual([
      'CLIENT_ABORTED',
      'CLIENT_ABORTED',
      [],
      [],
    ]);
  });

  it('is not asked for a request without a body', async () => {
    const { seen, sources } = bodyPolicy(() => undefined);
    const road = await roadTo(['a'], {}, {}, sources);
    road.send();
    expect([seen, road.forwarder.asked]).toEqual([[], ['a']]);
  });
});
