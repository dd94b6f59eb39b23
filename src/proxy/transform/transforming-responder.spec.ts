import { describe, expect, it, vi } from 'vitest';
import { GatewayError } from '../../http/gateway-error.js';
import type { Responder } from '../client/responder.js';
import { RouteTransforms } from './route-transforms.js';
import type { ExchangeTransformer } from './transformer.js';
import { TransformingResponder, type AnsweredExchange } from './transforming-responder.js';

function sceneOf(transformer: ExchangeTransformer) {
  const told: unknown[] = [];
  const inner = {
    headSent: false,
    length: -1,
    source: undefined,
    informational: (status: number) => told.push(status),
    head: (status: number) => told.push('head', status),
    flush: () => told.push('flush'),
    write: (chunk: Buffer) => told.push(String(chunk)) > 0,
    end: () => told.push('end'),
    send: (status: number, _: unknown, body: Buffer | string) => told.push('send', status, String(body)),
    abort: () => told.push('abort'),
    switchProtocols: () => undefined,
  } as Responder;
  const exchange = {
    method: 'GET',
    status: 0,
    bytesOut: 0,
    error: undefined as GatewayError | undefined,
    fail: (error: GatewayError) => {
      exchange.error = error;
      told.push(error.code);
    },
  };
  const transforms = new RouteTransforms([{ name: 'own', transformer }]);
  const responder = new TransformingResponder(inner, exchange as unknown as AnsweredExchange, transforms);
  return { exchange, responder, told };
}

describe('the responder of a route with transformers', () => {
  it('passes on what no transformer wants to hold', () => {
    const { responder, told } = sceneOf({});
    responder.informational(103, []);
    responder.head(200, 'OK', []);
    responder.flush();
    responder.write(Buffer.from('a'));
    responder.end();
    expect(told).toEqual([103, 'head', 200, 'flush', 'a', 'end']);
  });

  it('sends a body that is transformed as a whole, and its number of bytes', async () => {
    const { exchange, responder, told } = sceneOf({ transformBody: body => `${String(body)}!` });
    responder.head(201, 'Made', []);
    expect(responder.headSent).toBe(true);
    exchange.bytesOut += 1;
    responder.flush();
    responder.write(Buffer.from('a'));
    responder.end();
    await vi.waitFor(() => expect(told).toEqual(['send', 201, 'a!']));
    expect([exchange.status, exchange.bytesOut]).toEqual([201, 2]);
  });

  it('sends nothing more where the client has left meanwhile', async () => {
    const late = Promise.withResolvers<string>();
    const { exchange, responder, told } = sceneOf({ transformBody: () => late.promise });
    responder.head(200, 'OK', []);
    responder.end();
    exchange.error = new GatewayError('CLIENT_ABORTED');
    responder.abort();
    late.resolve('late');
    await late.promise;
    await new Promise(setImmediate);
    expect(told).toEqual(['abort']);
  });

  it('tells the client of a backend that has broken off, which it has seen nothing of', () => {
    const { exchange, responder, told } = sceneOf({ transformBody: String });
    responder.head(200, 'OK', []);
    exchange.error = new GatewayError('BODY_BROKEN');
    responder.abort();
    expect(told).toEqual(['send', 502, expect.stringContaining('BODY_BROKEN')]);
  });

  it('lets answers of the gateway itself pass', () => {
    const { responder, told } = sceneOf({ transformBody: () => 'never' });
    responder.send(403, [], 'no');
    expect(told).toEqual(['send', 403, 'no']);
  });
});
