import type { BackendView, UpstreamView } from '../../src/admin/api/views.js';
import { plural } from './format.js';

/** What can be done to a backend. */
export interface Action {
  /** The end of its path. */
  readonly path: string;
  /** What the button says. */
  readonly verb: string;
  readonly explanation: string;
  /** Values that it takes. */
  readonly values: readonly ('for' | 'weight')[];
  /** Values that it always has. */
  readonly fixed?: Readonly<Record<string, string>>;
  /** It takes a backend out of use, or brings it back into it. */
  readonly takesOut?: boolean;
}

const drain: Action = {
  path: 'drain',
  verb: 'Drain',
  explanation: 'No new requests go there. Those under way end; event streams and WebSockets move to other backends.',
  values: ['for'],
  takesOut: true,
};
const undrain: Action = {
  path: 'undrain',
  verb: 'End the drain',
  explanation: 'New requests may go there again.',
  values: [],
};
const weight: Action = {
  path: 'weight',
  verb: 'Change the weight',
  explanation: 'Another share of the requests: 0 to 1000. With 0 no new ones go there.',
  values: ['weight', 'for'],
};
const resetWeight: Action = {
  path: 'weight',
  verb: 'Reset the weight',
  explanation: 'The weight of the configuration counts again.',
  values: [],
  fixed: { weight: 'reset' },
};
const open: Action = {
  path: 'breaker/open',
  verb: 'Hold the breaker open',
  explanation:
    'New requests are kept away, as from a broken backend; event streams and WebSockets stay. A panic may use it all the same.',
  values: ['for'],
  takesOut: true,
};
const close: Action = {
  path: 'breaker/close',
  verb: 'Close the breaker',
  explanation: 'Requests may go there at once. What has failed still counts: it may open at the next failure.',
  values: [],
};
const reset: Action = {
  path: 'breaker/reset',
  verb: 'Reset the breaker',
  explanation: 'It is closed, and what has failed is forgotten.',
  values: [],
};

/** What can be done to a backend as it is; undefined: it is not there now, and only what is set by hand can be lifted. */
export function actionsFor(backend: BackendView | undefined): readonly Action[] {
  if (backend === undefined) return [undrain, resetWeight, close];
  const { breaker, byHand = {} } = backend;
  const has = breaker !== undefined && breaker.state !== 'disabled';
  return [
    byHand.drained === undefined ? drain : undrain,
    weight,
    ...(byHand.weight === undefined ? [] : [resetWeight]),
    ...(has && byHand.breaker === undefined ? [open] : []),
    ...(has && breaker.state !== 'closed' ? [close] : []),
    ...(has ? [reset] : []),
  ];
}

/** What an action means for the others, where it takes a backend out; undefined: nothing to say. */
export function consequence(
  action: Action,
  upstream: UpstreamView | undefined,
  id: string,
): { readonly isBad: boolean; readonly says: string } | undefined {
  if (action.takesOut !== true || upstream === undefined) return undefined;
  const others = upstream.backends.filter(backend => backend.id !== id && backend.available);
  if (others.length === 0)
    return { isBad: true, says: `No other backend of ${upstream.name} is up: its requests will fail.` };
  const take = others.length === 1 ? 'takes' : 'take';
  return { isBad: false, says: `${plural(others.length, 'other backend')} of ${upstream.name} ${take} its requests.` };
}
