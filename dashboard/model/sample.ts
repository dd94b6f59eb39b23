import type { BackendView, StatusView } from '../../src/admin/api/views.js';

/** A backend that is well, for specs. */
export function sampleBackend(id: string, more: Partial<BackendView> = {}): BackendView {
  return {
    id,
    url: `http://${id}`,
    weight: 1,
    configuredWeight: 1,
    backup: false,
    inFlight: 0,
    available: true,
    vetoes: [],
    breaker: { state: 'closed' },
    ...more,
  };
}

/** The status of a gateway without traffic, for specs. */
export function sampleStatus(more: Partial<StatusView> = {}): StatusView {
  const statuses = { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 };
  return {
    time: '2026-11-30T12:00:00.000Z',
    state: 'ready',
    version: { version: '0.1.0', node: 'v26.10.0', pid: 1, startedAt: '2026-11-30T11:00:00.000Z' },
    configuration: { hash: '9220333786ce', loadedAt: '2026-11-30T11:55:00.000Z', pending: [] },
    listeners: [],
    threads: [{ thread: 'main', state: 'running', loopDelay: 20 }],
    traffic: { requests: 0, perSecond: 0, failed: 0, failedShare: 0, statuses, inFlight: 0, seconds: [] },
    routes: [],
    upstreams: [],
    streams: 0,
    tunnels: 0,
    errors: [],
    limits: [],
    certificates: [],
    ...more,
  };
}
