import { describe, expect, it } from 'vitest';
import { roadTo } from '../../test/support/road-scene.js';
import { GatewayError } from '../http/gateway-error.js';
import { ExchangeResponse } from './exchange-response.js';

async function responding() {
  const road = await roadTo(['a']);
  const request = road.open();
  const response = (request.exchange.response = new ExchangeResponse(request.exchange));
  return { road, ...request, response };
}

describe('the response that guards see', () => {
  it('gives the client each kind of body as the answer', async () => {
    const bodies: readonly (readonly [body: unknown, text: string, type: string | undefined])[] = [
      ['text', 'text', 'text/plain; charset=utf-8'],
      [Buffer.from('bytes'), 'bytes', 'application/octet-stream'],
      [{ a: 1 }, '{"a":1}', 'application/json; charset=utf-8'],
      [false, 'false', 'application/json; charset=utf-8'],
      [undefined, '', undefined],
      [null, '', undefined],
    ];
    for (const [body, text, type] of bodies) {
      const { answer, response } = await responding();
      response.status(202).send(body);
      expect([answer.told, answer.field('content-type')]).toEqual([['202', text, 'end'], type]);
      expect(answer.field('content-length')).toBe(String(text.length));
    }
  });

  it('has 200 unless it is set, by any of the names', async () => {
    const { answer, response } = await responding();
    expect(response.statusCode).toBe(200);
    response.end('x');
    expect([answer.told[0], response.statusCode]).toEqual(['200', 200]);
    const other = await responding();
    other.response.statusCode = 404;
    other.response.json({});
    expect([other.answer.told[0], other.response.code(500).statusCode]).toEqual(['404', 404]);
  });

  it('has the fields that are set, and keeps a type that is set', async () => {
    const { answer, response } = await responding();
    response.setHeader('X-One', 1).header('X-Two', ['a', 'b']).set('X-Three', 'c').type('text/css').send('p{}');
    expect([answer.field('x-one'), answer.field('x-two'), answer.field('x-three')]).toEqual(['1', 'a, b', 'c']);
    expect([answer.field('content-type'), response.getHeader('x-TWO'), response.getHeader('x-no')]).toEqual([
      'text/css',
      'a, b',
      undefined,
    ]);
  });

  it('gives its fields to the answer of a backend', async () => {
    const { road, answer, exchange, response } = await responding();
    response.setHeader('X-One', '1');
    road.dispatcher.dispatch(exchange);
    road.forwarder.last.answer(200, 'ok', 'X-One', 'backend');
    expect([answer.field('x-one'), response.statusCode]).toEqual(['1', 200]);
  });

  it('sends nothing where the exchange has an answer, or an error', async () => {
    const { answer, response } = await responding();
    expect([response.headersSent, response.sent]).toEqual([false, false]);
    response.send('one').send('two').json({});
    expect([answer.told, response.headersSent, response.sent]).toEqual([['200', 'one', 'end'], true, true]);
    const failed = await responding();
    failed.exchange.fail(new GatewayError('CLIENT_ABORTED'));
    failed.response.send('late');
    expect(failed.answer.told).toEqual(['abort']);
  });

  it('refuses what is no status of an answer, and has no body where the status has none', async () => {
    const { answer, response } = await responding();
    for (const status of [0, 101, 600, 200.5, NaN]) expect(() => response.status(status)).toThrow(RangeError);
    response.status(204).send('ignored');
    expect([answer.told, answer.field('content-length')]).toEqual([['204', '', 'end'], undefined]);
  });

  it('says once that the exchange is over, by a promise and by events', async () => {
    const { response } = await responding();
    const told: string[] = [];
    response.on('finish', () => told.push('finish')).on('close', () => told.push('close'));
    let isOver = false;
    void response.over.then(() => (isOver = true));
    await Promise.resolve();
    expect(isOver).toBe(false);
    response.close();
    await response.over;
    expect(told).toEqual(['finish', 'close']);
  });
});
