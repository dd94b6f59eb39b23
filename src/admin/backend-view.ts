import type { Veto } from '../upstream/backend.js';
import type { BackendSetting, SetDrain } from '../upstream/control/backend-setting.js';
import type { AdminBackend } from './admin-sources.js';

/** What is set for a backend by hand, in an answer. `until`: in ISO 8601, UTC; absent: it stays until it is lifted. */
interface ByHand {
  readonly drained?: { readonly until: string | undefined };
  readonly weight?: { readonly value: number; readonly until: string | undefined };
}

/** A backend in an answer. */
export interface BackendView {
  readonly id: string;
  /** Origin, or `unix:` and the socket's path. Never with user name or password. */
  readonly url: string;
  /** The one in force; 0: no new requests. */
  readonly weight: number;
  /** The one of the configuration. */
  readonly configuredWeight: number | undefined;
  readonly backup: boolean;
  readonly inFlight: number;
  /** It has no veto. */
  readonly available: boolean;
  readonly vetoes: readonly Veto[];
  readonly byHand: ByHand | undefined;
}

/** A backend for an answer, with what is set for it by hand. */
export function viewOf(backend: AdminBackend, setting: BackendSetting | undefined): BackendView {
  const { id, url, socketPath, weight, configuredWeight, backup, inFlight, vetoes } = backend;
  return {
    id,
    // `URL.origin` has no userinfo.
    url: socketPath === undefined ? url.origin : `unix:${socketPath}`,
    weight,
    configuredWeight,
    backup,
    inFlight,
    available: vetoes.size === 0,
    vetoes: [...vetoes],
    byHand: setting && byHandOf(setting),
  };
}

/** What is set by hand, for an answer. */
export function byHandOf({ drained, weight }: BackendSetting): ByHand {
  return {
    ...(drained && { drained: { until: isoTime(drained) } }),
    ...(weight && { weight: { value: weight.value, until: isoTime(weight) } }),
  };
}

function isoTime({ until }: SetDrain): string | undefined {
  return until === undefined ? undefined : new Date(until).toISOString();
}
