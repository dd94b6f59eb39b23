import { expect, it } from 'vitest';
import { backendAt, plainRequest, RecordedAttempt } from '../../../test/support/forwarding.js';
import { PlayedForwarder } from '../../../test/support/played-forwarder.js';
import { TimedForwarder } from './timed-forwarder.js';

const backend = backendAt('http://127.0.0.1:9');

it('a timed forwarder passes all on that its forwarder tells', () => {
  const inner = new PlayedForwarder();
  const observer = new RecordedAttempt();
  const request = { ...plainRequest, path: '/a' };
  new TimedForwarder(inner, 0).forward(request, backend, observer);
  inner.last.informational(103);
  inner.last.head(200, 'X-A', '1');
  inner.last.data('body');
  inner.last.end('X-T', '2');
  expect([inner.last.request, inner.last.backend]).toEqual([request, backend.id]);
  expect([observer.told, observer.body, observer.headers, observer.trailers]).toEqual([
    ['sent', 103, 200, 'end'],
    'body',
    ['X-A', '1'],
    ['X-T', '2'],
  ]);
});

it('a timed forwarder has the figures of its forwarder, and ends with it', async () => {
  const inner = new PlayedForwarder();
  inner.figures = { active: 1, idle: 2, pending: 3 };
  const timed = new TimedForwarder(inner, 0);
  expect(timed.connections(backend)).toEqual({ active: 1, idle: 2, pending: 3 });
  timed.retire(backend);
  await timed.close();
  expect(inner.closed).toBe(1);
});
