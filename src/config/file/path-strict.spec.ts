import { expect, it } from 'vitest';
import { effectiveConfig } from '../showing/effective-config.js';
import type { GatewayConfig } from './gateway.config.js';
import { buildUntyped } from '../loading/load-config.js';
import { securityOf } from './route-settings.js';

const upstreams = { app: { backends: ['http://127.0.0.1:3001'] } };
const config = (path: unknown, ofRoute?: unknown): GatewayConfig =>
  buildUntyped({
    upstreams,
    security: { validation: { path } },
    routes: [{ upstream: 'app', security: { validation: ofRoute === undefined ? {} : { path: ofRoute } } }],
  });
const inForce = (whole: GatewayConfig): Set<string> =>
  new Set(Object.values(securityOf(whole, whole.routes[0]!).validation.path));

it('path: strict stands for reject under every key, for the gateway and for a route', () => {
  expect(inForce(config('strict'))).toEqual(new Set(['reject']));
  expect(inForce(config({}, 'strict'))).toEqual(new Set(['reject']));
  expect(inForce(config('strict', { encodedSlash: 'keep' }))).toEqual(new Set(['reject', 'keep']));
});

it('a strict path is printed as strict, and loads again', () => {
  const printed = effectiveConfig(config('strict', 'strict'));
  expect(printed).toMatchObject({
    security: { validation: { path: 'strict' } },
    routes: [{ security: { validation: { path: 'strict' } } }],
  });
  expect(effectiveConfig(buildUntyped(printed))).toEqual(printed);
});

it('no other word is accepted', () => {
  expect(() => config('strikt')).toThrow(/expected strict, or a block/);
});

it('a backslash is refused unless the configuration says otherwise', () => {
  expect(config({}).security.validation.path.backslash).toBe('reject');
});
