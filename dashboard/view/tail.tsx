import type { TailedLine } from '../../src/admin/api/views.js';
import { routeTable } from '../link/live.js';
import {
  heldBack,
  holdTail,
  resumeTail,
  startTail,
  stopTail,
  tailFilters,
  tailRefusal,
  tailState,
  tailView,
  type TailState,
} from '../link/tail.js';
import type { Tone } from '../model/backend-state.js';
import { clock, count, milliseconds, plural } from '../model/format.js';
import type { TailFilters } from '../model/tail-lines.js';
import { Field } from './field.js';
import { openDialog } from './open-dialog.js';
import { Panel, State } from './state.js';

const states: Readonly<Record<TailState, { readonly tone: Tone; readonly word: string }>> = {
  off: { tone: 'idle', word: 'off' },
  opening: { tone: 'busy', word: 'connecting' },
  running: { tone: 'good', word: 'running' },
  held: { tone: 'warn', word: 'paused' },
  lost: { tone: 'bad', word: 'lost, trying again' },
};

/** Requests as they end. Off until it is asked for: it costs the gateway something. */
export function Tail() {
  const { dropped, seen } = tailView.value;
  const state = tailState.value;
  const note = (
    <>
      <span role="status">
        <State {...states[state]} />
      </span>
      {state !== 'off' && (
        <span>
          {count(seen)} seen
          {state === 'held' && `, ${count(heldBack.value)} kept back`}
          {dropped > 0 && `, ${count(dropped)} left out: they come too fast`}
        </span>
      )}
    </>
  );
  return (
    <Panel id="tail" title="Live tail" note={note}>
      <Filters state={state} />
      {tailRefusal.value !== undefined && (
        <p class="problem" role="alert">
          {tailRefusal.value}
        </p>
      )}
      <Lines state={state} />
    </Panel>
  );
}

function Filters({ state }: { readonly state: TailState }) {
  const filters = tailFilters.value;
  const set = (name: keyof TailFilters) => (value: string) =>
    (tailFilters.value = { ...tailFilters.value, [name]: value });
  const names = [...new Set(routeTable.value.map(({ name }) => name))].slice(0, 300);
  return (
    <form
      class="filters"
      onSubmit={event => {
        event.preventDefault();
        startTail();
      }}
    >
      <Field label="Route" list="route-names" placeholder="all" value={filters.route} take={set('route')}>
        <datalist id="route-names">
          {['none', ...names].map(name => (
            <option key={name} value={name} />
          ))}
        </datalist>
      </Field>
      <Field label="Status" placeholder="5xx, 404, 400-499" value={filters.status} take={set('status')} />
      <Field label="Slower than" placeholder="200ms" value={filters.slowerThan} take={set('slowerThan')} />
      <Field label="Client" placeholder="10.0.0.0/8" value={filters.client} take={set('client')} />
      <div class="buttons">
        <button type="submit" class="primary">
          {state === 'off' ? 'Start' : 'Apply'}
        </button>
        <button
          type="button"
          disabled={state !== 'running' && state !== 'held'}
          onClick={state === 'held' ? resumeTail : holdTail}
        >
          {state === 'held' ? 'Resume' : 'Pause'}
        </button>
        <button type="button" disabled={state === 'off'} onClick={stopTail}>
          Stop
        </button>
      </div>
    </form>
  );
}

function Lines({ state }: { readonly state: TailState }) {
  const { lines } = tailView.value;
  if (lines.length === 0)
    return (
      <p class="nothing">
        {state === 'off' ? 'Start it to see requests as they end.' : 'No request that fits has ended yet.'}
      </p>
    );
  return (
    <div
      class="tail-lines"
      role="log"
      aria-live="off"
      aria-label="Requests, the newest first"
      tabIndex={0}
      // Who scrolls down reads: what comes would push it away.
      onScroll={({ currentTarget }) => currentTarget.scrollTop > 4 && holdTail()}
    >
      {lines.map(({ id, line }) => (
        <button type="button" key={id} class="tail-line" onClick={() => openDialog({ kind: 'line', line })}>
          <TailLine line={line} />
        </button>
      ))}
      {lines.length >= 200 && <p class="nothing">{plural(200, 'line')} are kept.</p>}
    </div>
  );
}

function TailLine({ line }: { readonly line: TailedLine }) {
  const { backend, client, error, host, method, ms, path, reason, route, status, time, upstream } = line;
  return (
    <>
      <time>{clock(time)}</time>
      <b class={`status s${Math.floor(status / 100)}`}>{status}</b>
      <span class="took">{ms === undefined ? '–' : milliseconds(ms.total)}</span>
      <span class="request">
        {method} <span class="muted">{host}</span>
        {path}
      </span>
      <span class="way muted">
        {route ?? 'no route'}
        {upstream !== undefined && ` → ${upstream}${backend === undefined ? '' : `/${backend}`}`}
      </span>
      <span class="client muted">{client}</span>
      {(error ?? reason) !== undefined && <span class="reason">{[error, reason].filter(Boolean).join(': ')}</span>}
    </>
  );
}
