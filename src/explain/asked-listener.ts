import type { ListenerConfig } from '../config/file/listener.config.js';
import type { ListenerInfo } from '../proxy/client/listener-info.js';
import { didYouMean } from '../spelling/nearest.js';
import { BadQuestion, type Question } from './question.js';

/** The listener that would take a request, and why that one. */
interface AskedListener {
  readonly info: ListenerInfo;
  readonly settings: ListenerConfig;
  readonly why: string;
}

/** The listener that a question names; else the first with the port and the scheme of its URL; else the first with its scheme. @throws BadQuestion with 404 for a name that none has. */
export function listenerFor(
  { authority, listener: name, scheme }: Question,
  listeners: readonly ListenerConfig[],
): AskedListener {
  if (name !== undefined) {
    const named = listeners.find(each => each.name === name);
    if (named !== undefined) return asked(named, 'it is named in the question');
    const names = listeners.map(each => each.name);
    const hint = didYouMean(name, names) || ` (known: ${names.join(', ')})`;
    throw new BadQuestion(404, `no listener is named ${JSON.stringify(name)}${hint}`);
  }
  const fits = listeners.filter(each => scheme === undefined || schemeOf(each) === scheme);
  const port = Number(/:(\d+)$/.exec(authority ?? '')?.[1] ?? (scheme === 'https' ? 443 : 80));
  const byPort = authority === undefined ? undefined : fits.find(each => each.port === port);
  if (byPort !== undefined) return asked(byPort, `it has the port ${port}`);
  const [first] = fits;
  if (first !== undefined)
    return asked(first, scheme === undefined ? 'it is the first' : `it is the first for ${scheme}`);
  const [any] = listeners;
  if (any === undefined) throw new BadQuestion(400, 'the configuration has no listener');
  return asked(any, `it is the first, and none is for ${scheme}`);
}

function schemeOf({ tls }: ListenerConfig): 'http' | 'https' {
  return tls === undefined ? 'http' : 'https';
}

function asked(settings: ListenerConfig, why: string): AskedListener {
  const { name, port, unix } = settings;
  const info = { name, port, scheme: schemeOf(settings), unix: unix !== undefined, draining: false };
  return { info, settings, why };
}
