import { isRefused, isWritten } from '../../language/fields.js';
import type { Path } from '../findings.js';
import { builtInProbes, type HealthCheckConfig } from '../../file/health-check.config.js';
import { builtInStrategies } from '../../language/kinds/strategy.js';
import { builtInForwarders, type UpstreamConfig } from '../../file/upstream.config.js';
import { leadsTo } from './addresses.js';
import { checkDiscovery, mayFindTls } from './discovery-checks.js';
import { checkSticky } from './sticky-checks.js';
import { checkChoice, checkUpstreamName, entries, items, type CheckContext } from './check.js';
import { checkBackendTls } from './tls-checks.js';

const hashKey = /^(client-ip|path|header:[!#$%&'*+.^_`|~0-9A-Za-z-]+|cookie:[!#$%&'*+.^_`|~0-9A-Za-z-]+)$/;

/** Checks each upstream. */
export function checkUpstreams(context: CheckContext): void {
  for (const [name, upstream] of entries(context.config.upstreams)) {
    const path = ['upstreams', name];
    checkBackends(context, path, upstream);
    checkLoops(context, path, upstream);
    checkStrategy(context, path, upstream);
    const { forwarder } = upstream;
    const there = { path: [...path, 'forwarder'], kind: 'forwarder', choice: forwarder } as const;
    checkChoice(context, { ...there, builtIn: builtInForwarders });
    if (upstream.lenient.length > 0 && forwarder.name === 'http-proxy-middleware') {
      const message =
        'http-proxy-middleware reads responses by a parser that cannot be lenient: leave one of the two out';
      context.report({ path: [...path, 'lenient'], message });
    }
    checkTls(context, path, upstream);
    checkFallback(context, path, upstream);
    checkSticky(context, path, name, upstream);
    if (upstream.sticky?.sameSite === 'none' && upstream.sticky.secure !== true) {
      const message = 'browsers drop a cookie with sameSite: none unless it has secure: true';
      context.report({ path: [...path, 'sticky', 'sameSite'], message });
    }
    const { healthCheck, discovery } = upstream;
    if (healthCheck) checkHealthCheck(context, [...path, 'healthCheck'], healthCheck);
    checkDiscovery(context, [...path, 'discovery'], discovery);
  }
}

function checkBackends({ report, warn }: CheckContext, path: Path, upstream: UpstreamConfig): void {
  const { backends } = upstream;
  const ids = new Map<string, number>();
  if (backends.length === 0 && !isWritten(upstream, 'discovery') && !isRefused(upstream, 'backends')) {
    const message =
      'no backends: give a list such as backends: [http://127.0.0.1:3001], or say by discovery how they are found';
    report({
      path: isWritten(upstream, 'backends') ? [...path, 'backends'] : path,
      message,
      at: 'key',
      allowed: 'at least one backend',
    });
  }
  for (const [index, backend] of items(backends)) {
    const here = [...path, 'backends', index];
    const [url, unix] = [isWritten(backend, 'url'), isWritten(backend, 'unix')];
    if (url === unix)
      report({
        path: here,
        message: url ? 'url and unix exclude each other' : 'missing url: where the backend listens',
      });
    const same = ids.get(backend.id);
    if (backend.id !== undefined && same !== undefined) {
      const message = `backends[${same}] has the id ${JSON.stringify(backend.id)} too: give each an id of its own`;
      report({ path: isWritten(backend, 'id') ? [...here, 'id'] : here, message });
    } else ids.set(backend.id, index);
  }
  const areAll = backends.length > 0 && upstream.discovery === undefined;
  if (areAll && items(backends).every(([, { backup }]) => backup)) {
    warn({ path: [...path, 'backends'], message: 'every backend is a backup, so the mark has no effect', at: 'key' });
  }
}

/** Reports a backend that is this gateway: requests would go in circles until they time out, or reach the admin side. */
function checkLoops({ config, name, report }: CheckContext, path: Path, { backends }: UpstreamConfig): void {
  for (const [index, { unix, url }] of items(backends)) {
    if (unix === undefined && url === undefined) continue;
    const own = items(config.listeners).find(([, listener]) =>
      unix === undefined ? listener.unix === undefined && leadsTo(new URL(url), listener) : listener.unix === unix,
    );
    const here = [...path, 'backends', index];
    if (own !== undefined) {
      const message = `${name(['listeners', own[0]])} of this gateway listens there: its requests would come back to it`;
      report({ path: here, message });
    } else if (unix === undefined && leadsTo(new URL(url), config.admin)) {
      const message = 'the admin side of this gateway listens there: it is for operators, and no route may lead to it';
      report({ path: here, message });
    }
  }
}

function checkStrategy(context: CheckContext, path: Path, { strategy }: UpstreamConfig): void {
  const here = [...path, 'strategy'];
  const { name, options } = strategy;
  const isUnknown = context.known.strategies === undefined;
  if (
    isUnknown &&
    name === 'consistent-hash' &&
    !(typeof options['key'] === 'string' && hashKey.test(options['key']))
  ) {
    const allowed = 'client-ip, path, header:<name> or cookie:<name>';
    context.report({
      path: [...here, 'key'],
      message: `found ${JSON.stringify(options['key'])}, expected ${allowed}`,
      allowed,
    });
  }
  checkChoice(context, { path: here, kind: 'strategy', choice: strategy, builtIn: builtInStrategies });
}

function checkHealthCheck(context: CheckContext, path: Path, healthCheck: HealthCheckConfig): void {
  const { report, warn } = context;
  const { type, timeout, interval } = healthCheck;
  const { name } = type;
  if (timeout > interval && !isRefused(healthCheck, 'interval')) {
    report({ path: [...path, 'timeout'], message: 'a probe may not take longer than healthCheck.interval' });
  }
  const isBuiltIn = builtInProbes.some(each => each === name);
  if (isBuiltIn && Object.keys(type.options).length > 0) {
    report({ path: [...path, 'type'], message: `the options of ${name} stand beside type: only the name goes in it` });
  }
  for (const key of ['path', 'expectStatus', 'expectBody', 'headers']) {
    if (name !== 'http' && isWritten(healthCheck, key)) {
      warn({ path: [...path, key], message: 'only the http probe looks at this', at: 'key' });
    }
  }
  checkChoice(context, { path: [...path, 'type'], kind: 'probe', choice: type, builtIn: builtInProbes });
}

function checkTls(context: CheckContext, path: Path, { tls, backends, discovery }: UpstreamConfig): void {
  if (!tls) return;
  const { report, warn } = context;
  checkBackendTls(context, tls, [...path, 'tls']);
  if (isWritten(tls, 'cert') !== isWritten(tls, 'key')) {
    report({ path: [...path, 'tls'], message: 'cert and key belong together: give both', at: 'key' });
  }
  if (!tls.verify) {
    warn({
      path: [...path, 'tls', 'verify'],
      message: 'certificates of backends are not verified: anyone on the way can read the traffic',
    });
  }
  const areAny = backends.length > 0 || discovery !== undefined;
  if (areAny && !mayFindTls(discovery) && items(backends).every(([, { url }]) => url?.startsWith('http:'))) {
    warn({
      path: [...path, 'tls'],
      message: 'no backend of this upstream is https, so the block has no effect',
      at: 'key',
    });
  }
}

function checkFallback(context: CheckContext, path: Path, { fallback }: UpstreamConfig): void {
  if (!fallback || !isWritten(fallback, 'upstream')) return;
  const here = [...path, 'fallback', 'upstream'];
  checkUpstreamName(context, here, fallback.upstream);
  if (fallback.upstream === path[1]) context.report({ path: here, message: 'an upstream cannot be its own fallback' });
  if (['status', 'headers', 'body'].some(key => isWritten(fallback, key))) {
    context.report({ path: here, message: 'upstream stands instead of status, headers and body', at: 'key' });
  }
}
