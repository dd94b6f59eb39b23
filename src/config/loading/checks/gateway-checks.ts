import { isRefused, isWritten } from '../../language/fields.js';
import { checkAuth } from './auth-checks.js';
import { checkRequestFields } from './request-field-checks.js';
import { entries, items, type CheckContext } from './check.js';

/** The shortest delay of an event loop, in milliseconds, that tells an overload from the collection of garbage. */
const leastDelay = 20;

/** Checks the parts of a gateway together. */
export function checkGateway(context: CheckContext): void {
  const { config, report, warn } = context;
  const names = [...config.upstreams.keys()];
  const noRoutes = !isWritten(config, 'routes');
  if (noRoutes && !isWritten(config, 'upstreams')) {
    report({ path: [], message: `neither upstreams nor routes: the smallest configuration is ${smallestFile}` });
  } else if (noRoutes && names.length === 0 && !isRefused(config, 'upstreams')) {
    report({
      path: ['upstreams'],
      message: 'no upstream: give one, such as app: { backends: [http://127.0.0.1:3001] }',
      at: 'key',
    });
  } else if (noRoutes && names.length > 1) {
    const message = `${names.length} upstreams (${names.join(', ')}), but no routes that say which requests go where`;
    report({ path: [], message, allowed: 'routes' });
  }
  for (const range of config.trustedProxies.filter(each => /\/0$/.test(each))) {
    warn({ path: ['trustedProxies'], message: `${range} lets every client choose its own address`, at: 'key' });
  }
  const used = new Set(
    items(config.routes).flatMap(([, { upstream, split, mirror }]) => [
      upstream,
      mirror?.upstream,
      ...items(split).map(([, part]) => part.upstream),
    ]),
  );
  for (const [, { fallback }] of entries(config.upstreams)) used.add(fallback?.upstream);
  for (const name of names.filter(each => !used.has(each) && isWritten(config, 'routes'))) {
    warn({ path: ['upstreams', name], message: 'no route leads to this upstream', at: 'key' });
  }
  const { eventLoopDelay } = config.overload;
  if (eventLoopDelay > 0 && eventLoopDelay < leastDelay) {
    const message = `less than ${leastDelay}ms: an event loop has such delays also when there is little to do`;
    warn({ path: ['overload', 'eventLoopDelay'], message });
  }
  checkAuth(context);
  checkRequestFields(context);
}

/** The smallest useful configuration, on one line. */
export const smallestFile = 'upstreams: { app: { backends: [http://127.0.0.1:3001] } }';
