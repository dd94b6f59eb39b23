import { expect, it } from 'vitest';
import { roadTo } from '../../../test/support/road-scene.js';

it('targets are had by the name of their upstream', async () => {
  const { targets } = await roadTo(['a']);
  expect(targets.get('app').upstream.name).toBe('app');
  expect(() => targets.get('other')).toThrow('no upstream is named "other"');
});

it('every backend has the figures of its connections, with what waits before its gate', async () => {
  const road = await roadTo(['a', 'b'], { connections: { max: 1, queue: 5 } });
  road.forwarder.figures = { active: 1, idle: 2, pending: 3 };
  const requests = [road.send(), road.send(), road.send()];
  const all = [...road.targets.backends()].map(({ backend, connections, target }) => [
    target.upstream.name,
    backend.id,
    connections,
  ]);
  expect(all).toEqual([
    ['app', 'a', { active: 1, idle: 2, pending: 4 }],
    ['app', 'b', { active: 1, idle: 2, pending: 3 }],
  ]);
  for (const { leave } of requests) leave();
});

it('closing them closes the connections of each', async () => {
  const road = await roadTo(['a']);
  await road.targets.close();
  expect(road.forwarder.closed).toBe(1);
});
