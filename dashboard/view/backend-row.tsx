import type { BackendView, ProbeView } from '../../src/admin/api/views.js';
import { backendState, breakerState, byHandLines } from '../model/backend-state.js';
import { count, duration, milliseconds, moment, percent, rate } from '../model/format.js';
import { openDialog } from './open-dialog.js';
import { State } from './state.js';

/** The columns of the table of backends. `kind`: classes; numbers stand right. */
export const columns = [
  { name: 'Backend', kind: 'name', title: 'Id, and address where it is another' },
  { name: 'State', kind: 'wide', title: 'Why it gets no requests, if it gets none' },
  { name: 'Weight', kind: 'number first', title: 'In force; in brackets that of the configuration' },
  { name: 'In flight', kind: 'number', title: 'Requests that are under way' },
  { name: 'Connections', kind: 'number spare', title: 'In use + idle; requests that wait for one' },
  { name: 'Breaker', kind: 'wide', title: 'Circuit breaker, the worst of all threads' },
  { name: 'Probe', kind: 'wide', title: 'The last health check' },
  { name: 'Req/s', kind: 'number', title: 'Attempts a second, of the last minute' },
  { name: 'Failed', kind: 'number', title: 'Share of the attempts that failed in the last minute' },
  { name: 'p50', kind: 'number', title: 'Half of the answers began within' },
  { name: 'p90', kind: 'number spare', title: 'Nine of ten answers began within' },
  { name: 'p99', kind: 'number', title: '99 of 100 answers began within' },
  { name: 'Actions', kind: 'act', title: 'Drain, weight, breaker' },
] as const;

/** A backend. `now`: milliseconds since 1970, of the gateway's clock. */
export function BackendRow(props: { readonly upstream: string; readonly backend: BackendView; readonly now: number }) {
  const { backend, now, upstream } = props;
  const { configuredWeight, connections, id, inFlight, traffic, url, weight } = backend;
  const state = backendState(backend);
  const breaker = breakerState(backend);
  const { latency } = traffic ?? {};
  const byHand = byHandLines(backend.byHand, now);
  const failedTone = (traffic?.failedShare ?? 0) >= 0.05 ? 'bad' : (traffic?.failedShare ?? 0) >= 0.01 ? 'warn' : '';
  const isOwnUrl = !url.endsWith(`//${id}`) && url !== id;
  return (
    <tr class={`backend ${state.tone}`} data-backend={`${upstream}/${id}`}>
      <th scope="row" class="name">
        <span class="id" title={`${upstream}/${id} at ${url}`}>
          {id}
        </span>
        {isOwnUrl && <small class="muted url">{url}</small>}
      </th>
      <td class="wide" data-label="State">
        <State {...state} />
        {state.reasons.map(line => (
          <small key={line} class="reason" title={line}>
            {line}
          </small>
        ))}
        {byHand.map((line, index) => (
          <small key={index} class="reason when">
            {line}
          </small>
        ))}
      </td>
      <td class="number first" data-label="Weight">
        {weight}
        {configuredWeight !== undefined && configuredWeight !== weight && (
          <small class="muted"> ({configuredWeight})</small>
        )}
      </td>
      <td class="number" data-label="In flight">
        {count(inFlight)}
      </td>
      <td class="number spare" data-label="Connections">
        {connections === undefined ? '–' : `${count(connections.active)}+${count(connections.idle)}`}
        {connections !== undefined && connections.waiting > 0 && (
          <small class="warn-text"> {count(connections.waiting)} wait</small>
        )}
      </td>
      <td class="wide" data-label="Breaker">
        {breaker === undefined ? '–' : <State {...breaker} />}
        {breaker?.reasons.map(reason => (
          <small key="reason" class="reason when brief">
            {reason}
          </small>
        ))}
      </td>
      <td class="wide" data-label="Probe">
        <Probe probe={backend.probe} now={now} isTold={state.reasons.length > 0} />
      </td>
      <td class="number" data-label="Req/s">
        {traffic === undefined ? '–' : rate(traffic.perSecond)}
      </td>
      <td class={`number ${failedTone}-text`} data-label="Failed">
        {traffic === undefined ? '–' : percent(traffic.failedShare)}
      </td>
      <td class="number" data-label="p50">
        {latency === undefined ? '–' : milliseconds(latency.p50)}
      </td>
      <td class="number spare" data-label="p90">
        {latency === undefined ? '–' : milliseconds(latency.p90)}
      </td>
      <td class="number" data-label="p99">
        {latency === undefined ? '–' : milliseconds(latency.p99)}
      </td>
      <td class="act">
        <button
          type="button"
          class="small"
          aria-haspopup="dialog"
          aria-label={`Actions for ${upstream}/${id}`}
          onClick={() => openDialog({ kind: 'backend', upstream, backend: id })}
        >
          Act…
        </button>
      </td>
    </tr>
  );
}

const probeTones = { healthy: 'good', unhealthy: 'bad', inconclusive: 'idle' } as const;
const probeWords = { healthy: 'ok', unhealthy: 'failed', inconclusive: 'unclear' } as const;

function Probe(props: {
  readonly probe: ProbeView | undefined;
  readonly now: number;
  /** The reason of the backend's state says it already. */
  readonly isTold: boolean;
}) {
  const { isTold, now, probe } = props;
  if (probe === undefined) return <span class="muted">–</span>;
  const { reason, result, time } = probe;
  return (
    <span title={[result, reason, moment(time)].filter(Boolean).join(', ')} class="probe">
      <State tone={probeTones[result]} word={probeWords[result]} />{' '}
      <span class="muted">{duration(now - Date.parse(time))} ago</span>
      {reason !== undefined && !isTold && <small class="reason">{reason}</small>}
    </span>
  );
}
