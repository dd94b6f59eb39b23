import { isLoopback } from '../../../addresses/loopback.js';
import { isRefused, isWritten } from '../../language/fields.js';
import type { Path } from '../findings.js';
import type { ListenerConfig } from '../../file/listener.config.js';
import { collide } from './addresses.js';
import { items, type CheckContext } from './check.js';
import { checkTls } from './tls-checks.js';

const wildcard = /^(0\.0\.0\.0|::)$/;

/** Checks the listeners and the admin side against each other. */
export function checkListeners(context: CheckContext): void {
  const { config, report } = context;
  const names = new Map<string, number>();
  const addresses = new Map<string, number>();
  for (const [index, listener] of items(config.listeners)) {
    const path = ['listeners', index];
    for (const key of ['host', 'port'].filter(each => isWritten(listener, 'unix') && isWritten(listener, each))) {
      report({
        path: [...path, key],
        message: 'unix stands instead of host and port: give one or the other',
        at: 'key',
      });
    }
    if (isWritten(listener, 'http2') && listener.http2 && !isWritten(listener, 'tls')) {
      report({
        path: [...path, 'http2'],
        message:
          'http2 needs tls: browsers and most clients speak it over TLS only. For clients that speak it in clear text with prior knowledge, as gRPC does, give h2c: true',
        at: 'key',
      });
    }
    checkCleartext(context, listener, path);
    const sameName = names.get(listener.name);
    if (sameName !== undefined) {
      report({
        path: [...path, 'name'],
        message: `${context.name(['listeners', sameName])} is called ${JSON.stringify(listener.name)} too`,
      });
    } else names.set(listener.name, index);
    const address = addressOf(listener);
    const sameAddress = address === undefined ? undefined : addresses.get(address);
    if (sameAddress !== undefined)
      report({ path, message: `${context.name(['listeners', sameAddress])} listens on ${address} too` });
    else if (address !== undefined) addresses.set(address, index);
    if (sameAddress === undefined) checkCollision(context, listener, index);
    checkRedirect(context, listener, path);
    if (listener.tls !== undefined) checkTls(context, listener.tls, [...path, 'tls']);
    if (listener.proxyProtocol && listener.unix === undefined && config.trustedProxies.length === 0) {
      context.warn({
        path: [...path, 'proxyProtocol'],
        message: 'no connection is taken, because trustedProxies is empty',
        at: 'key',
      });
    }
    checkClients(context, listener, path);
  }
  checkAdmin(context);
}

/** Reports a listener whose address another one also takes, because one of them listens on all addresses of the machine. */
function checkCollision({ config, name, report }: CheckContext, listener: ListenerConfig, index: number): void {
  if (listener.unix !== undefined) return;
  const other = items(config.listeners).find(
    ([place, each]) => place < index && each.unix === undefined && collide(each, listener),
  );
  if (other === undefined) return;
  const [place, { host }] = other;
  const [wide, narrow] = wildcard.test(host) ? [host, listener.host] : [listener.host, host];
  const message = `${name(['listeners', place])} listens on port ${listener.port} of ${host} already, and ${wide} takes ${narrow} in`;
  report({ path: ['listeners', index], message });
}

/** Reports HTTP/2 in clear text where nothing could speak it. */
function checkCleartext({ report }: CheckContext, listener: ListenerConfig, path: Path): void {
  if (!listener.h2c) return;
  const at = { path: [...path, 'h2c'], at: 'key' } as const;
  if (isWritten(listener, 'tls')) {
    report({ ...at, message: 'h2c is for plain listeners: with tls, http2 offers HTTP/2 by ALPN. Take h2c away' });
  } else if (isWritten(listener, 'redirectToHttps')) {
    const message =
      'h2c does not go with redirectToHttps: clients with prior knowledge do not follow redirects. Take one of the two away';
    report({ ...at, message });
  }
}

/** Warns about a limit for each address where clients have none. */
function checkClients({ warn }: CheckContext, { limits, proxyProtocol, unix }: ListenerConfig, path: Path): void {
  if (limits.connectionsPerClient === 0 || unix === undefined || proxyProtocol) return;
  const message = 'has no effect: the clients of a unix socket have no address';
  warn({ path: [...path, 'limits', 'connectionsPerClient'], message, at: 'key' });
}

/** Reports a redirect that leads to itself, or from https: clients would go in circles. */
function checkRedirect({ report }: CheckContext, { port, redirectToHttps, tls }: ListenerConfig, path: Path): void {
  if (redirectToHttps === undefined) return;
  if (tls !== undefined) {
    const message = 'redirectToHttps is for plain listeners: this one has tls, and is reached over https already';
    report({ path: [...path, 'redirectToHttps'], message, at: 'key' });
  } else if (port === redirectToHttps) {
    const message = `redirectToHttps names the port of this very listener, which speaks plain http`;
    report({ path: [...path, 'redirectToHttps'], message });
  }
}

function checkAdmin({ config, name, report }: CheckContext): void {
  const { admin } = config;
  if (!isLoopback(admin.host) && admin.token === undefined && !isRefused(admin, 'token')) {
    const message = `an admin side on ${admin.host} can be reached from elsewhere: give it a token, or a loopback host`;
    report({
      path: ['admin', 'host'],
      message,
      found: JSON.stringify(admin.host),
      allowed: 'a loopback host, or a token',
    });
  }
  for (const [index, { host, port, unix }] of items(config.listeners)) {
    const sameHost = host === admin.host || wildcard.test(host) || wildcard.test(admin.host);
    if (unix === undefined && admin.port !== 0 && port === admin.port && sameHost) {
      const key = isWritten(admin, 'port') ? ['admin', 'port'] : ['listeners', index, 'port'];
      report({
        path: key,
        message: `the admin side and ${name(['listeners', index])} both listen on port ${port}: it is never on a public listener`,
      });
    }
  }
}

function addressOf({ host, port, unix }: ListenerConfig): string | undefined {
  return unix ?? (port === 0 || port === undefined ? undefined : `${host.includes(':') ? `[${host}]` : host}:${port}`);
}
