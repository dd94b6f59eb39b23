import { expect, it } from 'vitest';
import { roadTo } from '../../test/support/road-scene.js';

it('what a request asks for stays, when no route is to answer it', async () => {
  const { location } = (await roadTo(['a'])).open({ path: '/a', query: 'b=1' }).exchange;
  location.asksFor({ host: 'b.example', port: '81' });
  expect([location.plan?.name, location.match?.route.definition.name]).toEqual(['default', 'default']);
  location.leaveRoute();
  expect({ ...location }).toEqual({
    path: '/a',
    query: 'b=1',
    authority: 'a.example',
    host: 'b.example',
    hostPort: '81',
    routingPath: '/a',
    forwardedPath: '/a',
    match: undefined,
    plan: undefined,
  });
});
