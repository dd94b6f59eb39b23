import { expect, it } from 'vitest';
import { buildConfig } from '../loading/load-config.js';
import { matchOf, routesOf } from './route-settings.js';

const upstreams = { app: { backends: ['http://127.0.0.1:3001'] } };

it('paths are compared letter by letter unless routing says otherwise, and a route may say otherwise again', () => {
  const compared = (routing: object, match: object): object => {
    const config = buildConfig({ upstreams, routing, routes: [{ upstream: 'app', match }] });
    const { caseSensitive, trailingSlash } = matchOf(config, config.routes[0]!);
    expect(routesOf(config)[0]!.match).toMatchObject({ caseSensitive, trailingSlash });
    return { caseSensitive, trailingSlash };
  };
  const loose = { caseSensitive: false, trailingSlash: 'ignore' };
  const exact = { caseSensitive: true, trailingSlash: 'exact' };
  expect(compared({}, {})).toEqual(exact);
  expect(compared(loose, {})).toEqual(loose);
  expect(compared({}, loose)).toEqual(loose);
  expect(compared(loose, exact)).toEqual(exact);
  expect(compared({ caseSensitive: false }, { trailingSlash: 'ignore' })).toEqual(loose);
});
