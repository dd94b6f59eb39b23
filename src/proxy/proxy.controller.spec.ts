import { expect, it } from 'vitest';
import { roadTo } from '../../test/support/road-scene.js';
import { ExchangeResponse } from './exchange-response.js';
import { ProxyController } from './proxy.controller.js';

it('dispatches a request at once, and resolves for interceptors when its exchange is over', async () => {
  const road = await roadTo(['a']);
  const controller = new ProxyController(road.dispatcher);
  const { exchange, answer } = road.open();
  expect(controller.handle({ exchange })).toBeUndefined();
  road.forwarder.last.answer();
  expect(answer.told).toEqual(['200', 'ok', 'end']);

  const seen = road.open();
  const response = (seen.exchange.response = new ExchangeResponse(seen.exchange));
  const over = controller.handle(seen);
  expect(over).toBe(response.over);
});
