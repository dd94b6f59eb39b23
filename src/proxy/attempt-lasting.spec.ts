import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { settle } from '../../test/support/body-scene.js';
import { roadTo, type OpenRequest } from '../../test/support/road-scene.js';
import { GatewayError } from '../http/gateway-error.js';
import type { Upgrade } from './lasting/upgrade.js';

const retries = { attempts: 0 };

describe('an attempt that feeds an event stream', () => {
  const eventStream = ['Content-Type', 'text/event-stream'];

  /** A stream that the client has asked for by name, unless `accept` says otherwise. */
  async function stream(accept = 'text/event-stream') {
    const road = await roadTo(['a'], { retries, connections: { max: 1, queue: 1 } });
    const request = road.send({ fields: ['Accept', accept] });
    road.forwarder.last.head(200, ...eventStream);
    return { road, ...request, stream: road.streams.opened[0]! };
  }

  it('hands the pieces and the end over, and settles with the head for the breaker, with the end for the rest', async () => {
    const { road, stream: opened, answer } = await stream();
    expect([road.breaker('a').told, road.strategy.told]).toEqual([['success'], []]);
    road.forwarder.last.data('event');
    road.forwarder.last.end();
    expect([opened.told, answer.told]).toEqual([['event', 'end'], ['200']]);
    expect([road.breaker('a').told, road.strategy.told, road.inFlight]).toEqual([['success'], ['a success'], [0]]);
  });

  it('gives its place on, if it was asked for by name, and still counts for its backend', async () => {
    const { road } = await stream();
    road.send();
    expect([road.forwarder.asked, road.inFlight, road.gate('a').waiting]).toEqual([['a', 'a'], [2], 0]);
    road.forwarder.attempts[0]!.end();
    expect(road.inFlight).toEqual([1]);
  });

  it('gives its place on, too, where its client is still sending, and the end of the body counts no second time', async () => {
    const road = await roadTo(['a'], { retries, connections: { max: 1, queue: 1 } });
    const fields = ['Accept', 'text/event-stream', 'Transfer-Encoding', 'chunked'];
    const { message } = road.send({ method: 'PUT', fields });
    road.forwarder.last.sent();
    expect(road.gate('a').sending).toBe(1);
    road.forwarder.last.head(200, ...eventStream);
    expect([road.gate('a').sending, road.gate('a').hasRoom]).toEqual([0, true]);
    message.resume();
    message.finish();
    await settle();
    road.forwarder.last.end();
    expect([road.gate('a').sending, road.inFlight]).toEqual([0, [0]]);
  });

  it('keeps its place where it was not asked for by name', async () => {
    const { road } = await stream('*/*');
    road.send();
    expect([road.forwarder.asked, road.gate('a').waiting]).toEqual([['a'], 1]);
    road.forwarder.attempts[0]!.end();
    expect(road.forwarder.asked).toEqual(['a', 'a']);
  });

  it('is no stream for HEAD, nor with a status that is no success or has no body', async () => {
    for (const [method, status] of [
      ['HEAD', 200],
      ['GET', 204],
      ['GET', 205],
      ['GET', 404],
    ] as const) {
      const road = await roadTo(['a'], { retries });
      road.send({ method });
      road.forwarder.last.head(status, ...eventStream);
      expect([status, road.streams.opened]).toEqual([status, []]);
    }
  });

  it('is ended well when the stream needs no more, and nothing that comes then counts', async () => {
    const { road, stream: opened } = await stream();
    opened.source.leave();
    road.forwarder.last.data('late');
    road.forwarder.last.fail('BODY_BROKEN');
    expect([road.forwarder.last.aborted, opened.told]).toEqual([1, []]);
    expect([road.strategy.told, road.inFlight]).toEqual([['a success'], [0]]);
  });

  it('is broken off with an error that counts', async () => {
    const { road, stream: opened, exchange } = await stream();
    opened.source.breakOff(new GatewayError('BODY_BROKEN'));
    expect([road.forwarder.last.aborted, road.strategy.told, opened.told]).toEqual([1, ['a failure'], ['BODY_BROKEN']]);
    expect([road.inFlight, exchange.error]).toEqual([[0], undefined]);
  });

  it('passes on what the stream asks of the forwarder', async () => {
    const { road, stream: opened } = await stream();
    opened.source.setIdleTimeout(500);
    opened.source.resume();
    expect([road.forwarder.last.idleTimeouts, road.forwarder.last.resumed]).toEqual([[500], 1]);
  });

  it('does so, too, where the stream asks before the forwarder has given the reins', async () => {
    const road = await roadTo(['a'], { retries });
    road.forwarder.atOnce = attempt => {
      attempt.head(200, ...eventStream);
      road.streams.opened[0]!.source.setIdleTimeout(500);
      road.streams.opened[0]!.source.leave();
    };
    road.send();
    expect([road.forwarder.last.idleTimeouts, road.forwarder.last.aborted]).toEqual([[500], 1]);
    expect(road.strategy.told).toEqual(['a success']);
  });
});

describe('an attempt whose backend makes an upgrade', () => {
  /** An upgrade that keeps what it is told. */
  class KeptUpgrade implements Upgrade {
    readonly protocol = 'websocket';
    readonly bytesIn = 0;
    readonly bytesOut = 0;
    wrong: string | undefined;
    carried = 0;
    givenUp = 0;
    over: () => void = () => {};

    firstBytes(): Buffer {
      return Buffer.alloc(0);
    }

    fault(): string | undefined {
      return this.wrong;
    }

    carry(...[, , over]: Parameters<Upgrade['carry']>) {
      this.carried++;
      this.over = () => over.tunnelOver();
      return { giveUp: () => void this.givenUp++ };
    }
  }

  async function upgrading(change: (request: OpenRequest, upgrade: KeptUpgrade) => void = () => {}) {
    const road = await roadTo(['a'], { retries, connections: { max: 1, queue: 1 } });
    const request = road.open();
    const upgrade = new KeptUpgrade();
    request.exchange.upgrade = upgrade;
    request.answer.connection = new PassThrough();
    change(request, upgrade);
    road.dispatcher.dispatch(request.exchange);
    const connection = new PassThrough();
    road.forwarder.last.upgraded(['Connection', 'Upgrade', 'X-Own', '1', 'Content-Length', '0'], connection);
    return { road, ...request, upgrade, connection };
  }

  it('becomes a tunnel, which holds no place, and settles when it is over', async () => {
    const { road, exchange, answer, upgrade } = await upgrading();
    expect([answer.told, answer.field('x-own'), answer.field('content-length')]).toEqual([
      ['switch to websocket'],
      '1',
      undefined,
    ]);
    expect([exchange.status, exchange.tunnelled, upgrade.carried, road.inFlight]).toEqual([101, true, 1, [1]]);
    road.send();
    expect(road.forwarder.asked).toEqual(['a', 'a']);
    expect([road.breaker('a').told, road.strategy.told]).toEqual([['success'], []]);
    upgrade.over();
    expect([road.breaker('a').told, road.strategy.told, road.inFlight]).toEqual([['success'], ['a success'], [1]]);
  });

  it('is told to a client of HTTP/2 as a success', async () => {
    const road = await roadTo(['a'], { retries });
    const request = road.open({ httpVersion: '2.0' });
    request.exchange.upgrade = new KeptUpgrade();
    request.answer.connection = new PassThrough();
    road.dispatcher.dispatch(request.exchange);
    road.forwarder.last.upgraded([], new PassThrough());
    expect(request.exchange.status).toBe(200);
  });

  it('ends the tunnel when it is given up', async () => {
    const { leave, upgrade, road } = await upgrading();
    leave();
    upgrade.over();
    expect([upgrade.givenUp, road.strategy.told]).toEqual([1, ['a ignored']]);
  });

  it('has failed where the backend agrees in a wrong way', async () => {
    const { exchange, connection, road, upgrade } = await upgrading((_, wrong) => (wrong.wrong = 'wrong key'));
    expect([exchange.error?.code, exchange.errorReason, connection.destroyed]).toEqual(['PROTOCOL', 'wrong key', true]);
    expect([upgrade.carried, road.strategy.told, road.inFlight]).toEqual([0, ['a failure'], [0]]);
  });

  it('is abandoned where the client has gone by then', async () => {
    const { exchange, connection, road, upgrade } = await upgrading(({ answer }) => (answer.connection = undefined));
    expect([exchange.error?.code, connection.destroyed, upgrade.carried]).toEqual(['CLIENT_ABORTED', true, 0]);
    expect([road.strategy.told, road.inFlight]).toEqual([['a ignored'], [0]]);
  });
});
