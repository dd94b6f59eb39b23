import type { BackendSetting, SetDrain } from '../upstream/control/backend-setting.js';
import type { AdminBackend } from './admin-sources.js';
import type { BackendView, ByHandView } from './api/views.js';

/** What is known of a backend beside its state: by the threads that carry its traffic, and by its probes. */
export type BackendActivity = Pick<BackendView, 'breaker' | 'probe' | 'connections' | 'traffic'>;

/** A backend for an answer, with what is set for it by hand, and what goes on there. */
export function viewOf(
  backend: AdminBackend,
  setting: BackendSetting | undefined,
  activity: BackendActivity = {},
): BackendView {
  const { id, url, socketPath, weight, configuredWeight, backup, inFlight, reasons, vetoes } = backend;
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
    ...(reasons !== undefined && reasons.size > 0 && { reasons: Object.fromEntries(reasons) }),
    byHand: setting && byHandOf(setting),
    ...activity,
  };
}

/** What is set by hand, for an answer. */
export function byHandOf({ circuit, drained, weight }: BackendSetting): ByHandView {
  return {
    ...(drained && { drained: { until: isoTime(drained) } }),
    ...(weight && { weight: { value: weight.value, until: isoTime(weight) } }),
    ...(circuit && { breaker: { state: 'open' as const, until: isoTime(circuit) } }),
  };
}

function isoTime({ until }: SetDrain): string | undefined {
  return until === undefined ? undefined : new Date(until).toISOString();
}
