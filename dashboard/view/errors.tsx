import { useState } from 'preact/hooks';
import type { ErrorView } from '../../src/admin/api/views.js';
import { status } from '../link/live.js';
import { clock, count, milliseconds, moment } from '../model/format.js';
import { Nothing, Panel } from './state.js';

/** Errors that are listed without being asked for. */
const few = 7;

type Kind = 'failures' | 'refusals';

/** The last failures and refusals, with their reasons. */
export function Errors() {
  const [isOpen, open] = useState(false);
  const [kind, show] = useState<Kind>('failures');
  const view = status.value;
  if (view === undefined) return null;
  const refusals = view.errors.filter(({ fault }) => fault === 'client');
  const all = { failures: view.errors.filter(({ fault }) => fault !== 'client'), refusals };
  const errors = all[kind];
  const note = (
    <fieldset class="segments" aria-label="Whose fault">
      {(['failures', 'refusals'] as const).map(each => (
        <label key={each} title={each === 'failures' ? 'Of the gateway or a backend' : 'Of the client'}>
          <input type="radio" name="errors" checked={kind === each} onChange={() => show(each)} />
          <span>
            {each} {count(all[each].length)}
          </span>
        </label>
      ))}
    </fieldset>
  );
  return (
    <Panel id="errors" title="Last errors" note={note}>
      {errors.length === 0 && (
        <Nothing>{kind === 'failures' ? 'Nothing has failed' : 'No request was refused'} since the start.</Nothing>
      )}
      <ol class="errors">
        {errors.slice(0, isOpen ? errors.length : few).map(error => (
          <ErrorItem key={error.requestId} error={error} />
        ))}
      </ol>
      {errors.length > few && (
        <button type="button" class="more" aria-expanded={isOpen} onClick={() => open(!isOpen)}>
          {isOpen ? 'Show fewer errors' : `Show ${errors.length - few} more ${kind}`}
        </button>
      )}
    </Panel>
  );
}

function ErrorItem({ error: of }: { readonly error: ErrorView }) {
  const { attempts, client, duration, error, fault, host, method, path, reason, requestId, status: got, time } = of;
  return (
    <li class={fault === 'client' ? 'of-client' : 'of-us'} title={`${moment(time)}, request ${requestId}`}>
      <div class="error-head">
        <time>{clock(time)}</time>
        <b class={`status s${Math.floor(got / 100)}`}>{got}</b>
        {error !== undefined && <b class="code">{error}</b>}
        <span class="muted way">{wayOf(of)}</span>
      </div>
      {reason !== undefined && <div class="reason">{reason}</div>}
      <div class="muted request">
        {method} {host}
        {path}, from {client}, {milliseconds(duration)}
        {attempts > 1 && `, ${attempts} tries`}
      </div>
    </li>
  );
}

function wayOf({ backend, route = 'no route', upstream }: ErrorView): string {
  if (upstream === undefined) return route;
  return `${route} → ${upstream === route ? '' : `${upstream}/`}${backend ?? 'no backend'}`;
}
