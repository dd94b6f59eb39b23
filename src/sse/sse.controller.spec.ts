import { describe, expect, it } from 'vitest';
import { codeOf, roadTo } from '../../test/support/road-scene.js';
import { ExchangeResponse } from '../proxy/exchange-response.js';
import { SseController } from './sse.controller.js';

const fields = ['Accept', 'text/event-stream'];
const routes = [
  { name: 'fixed', match: { path: '/fixed' }, respond: { status: 200 } },
  { name: 'own', match: { path: '/own' }, upstream: 'app', sse: { maxConnections: 1 } },
  { name: 'all', match: { path: '/*' }, upstream: 'app' },
];

async function controlled() {
  const road = await roadTo(['a'], {}, { sse: { maxConnections: 1 }, routes });
  const controller = new SseController(road.dispatcher);
  const send = (path: string) => {
    const request = road.open({ path, fields });
    void controller.handle(request);
    return request;
  };
  return { road, controller, send };
}

describe('a request that asks for an event stream', () => {
  it('takes a place among the streams of its route before a backend is asked, or gets 503', async () => {
    const { road, send } = await controlled();
    const first = send('/a');
    const second = send('/b');
    const own = send('/own');
    expect([road.forwarder.asked.length, codeOf(second), second.answer.told[0]]).toEqual([2, 'QUEUE_FULL', '503']);
    expect([second.answer.field('retry-after'), second.exchange.errorReason]).toEqual(['1', 'sse.maxConnections']);
    expect([first.exchange.places!.open, own.exchange.places!.open, second.exchange.places]).toEqual([1, 1, undefined]);
    first.exchange.places!.leave();
    send('/c');
    expect(road.forwarder.asked.length).toBe(3);
  });

  it('needs no place where no backend is asked, nor where it has ended before', async () => {
    const { road, controller, send } = await controlled();
    expect([send('/fixed').answer.told[0], send('/fixed').exchange.places]).toEqual(['200', undefined]);
    const gone = road.open({ path: '/a', fields });
    gone.leave();
    void controller.handle(gone);
    expect([gone.exchange.places, road.forwarder.attempts]).toEqual([undefined, []]);
  });

  it('resolves for interceptors when its exchange is over', async () => {
    const { road, controller } = await controlled();
    const request = road.open({ path: '/a', fields });
    const response = (request.exchange.response = new ExchangeResponse(request.exchange));
    expect(controller.handle(request)).toBe(response.over);
  });
});
