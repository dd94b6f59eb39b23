import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Exchange } from './exchange.js';
import type { Exchanges, ExchangeSocket } from './exchanges.js';
import { exchangesOn } from './exchanges.js';
import { HostedExchanges } from './hosted-exchanges.js';
import { OpenExchanges } from './open-exchanges.js';

/** A server's request and response, and exchanges that note how they end. */
function setup() {
  const ended: string[] = [];
  const socket: ExchangeSocket = new Socket();
  const streams = new OpenExchanges();
  const exchanges = {
    beginHosted: (_message: unknown, _responder: unknown, listenerInfo: unknown, upstream: string | undefined) => {
      const exchange = {
        ...{ id: upstream ?? 'route', listenerInfo, slot: -1, tunnelled: false, times: { closedAt: 0 } },
        fail: ({ code }: { code: string }) => ended.push(`${exchange.id} ${code}`),
      };
      streams.add(exchange as unknown as Exchange);
      return exchange as unknown as Exchange;
    },
    end: (exchange: Exchange) => {
      exchange.times.closedAt = 1;
      streams.remove(exchange);
      ended.push(`${exchange.id} over`);
    },
  };
  const hosted = new HostedExchanges(exchanges as unknown as Exchanges);
  const begin = (upstream?: string) => {
    const request = Object.assign(new EventEmitter(), { socket, rawHeaders: [], httpVersionMinor: 1 });
    const response = Object.assign(new EventEmitter(), { writableFinished: false, destroyed: false });
    const exchange = hosted.begin({
      request: request as unknown as IncomingMessage,
      response: response as unknown as ServerResponse,
      ...{ listener: 'application', target: '/', upstream },
    });
    return { exchange, response };
  };
  return { begin, ended, hosted, socket, streams };
}

describe('an exchange through the server of an application', () => {
  it('ends with its response, once', () => {
    const { begin, ended } = setup();
    const { response } = begin('a');
    response.emit('finish');
    response.emit('close');
    expect(ended).toEqual(['a over']);
  });

  it('is aborted where its connection ends before its response', () => {
    const { begin, ended } = setup();
    begin('a').response.emit('close');
    expect(ended).toEqual(['a CLIENT_ABORTED', 'a over']);
  });

  it('is left to its tunnel once it is one', () => {
    const { begin, ended } = setup();
    const { exchange, response } = begin('a');
    exchange.tunnelled = true;
    response.emit('close');
    expect(ended).toEqual([]);
  });

  it('comes by a listener of the given name, which drains with the gateway', async () => {
    const { begin, hosted } = setup();
    const { exchange } = begin();
    expect(exchange.listenerInfo).toMatchObject({ name: 'application', scheme: 'http', draining: false });
    await hosted.drain(0);
    expect(exchange.listenerInfo.draining).toBe(true);
  });

  it('is none of a connection that has had none', () => {
    expect(exchangesOn(new Socket())).toEqual([]);
    expect(setup().hosted.open).toBe(0);
  });
});
