import { useRef, useState } from 'preact/hooks';
import type { BackendView, UpstreamView } from '../../src/admin/api/views.js';
import { status } from '../link/live.js';
import { byHandLines, listed, upstreamState } from '../model/backend-state.js';
import { count, plural, rate } from '../model/format.js';
import { BackendRow, columns } from './backend-row.js';
import { Nothing, Panel, State } from './state.js';

/** Upstreams that are listed without being asked for. */
const few = 20;
/** Rows of an upstream at most. */
const most = 300;

/** Every upstream with its backends. */
export function Upstreams() {
  const [text, search] = useState('');
  const [isOpen, open] = useState(false);
  const view = status.value;
  if (view === undefined) return null;
  const { upstreams } = view;
  const backends = upstreams.reduce((sum, each) => sum + each.backends.length, 0);
  const wanted = text.trim().toLowerCase();
  const found = upstreams.flatMap(upstream => {
    if (upstream.name.toLowerCase().includes(wanted)) return [upstream];
    const fitting = upstream.backends.filter(({ id, url }) => `${id} ${url}`.toLowerCase().includes(wanted));
    return fitting.length === 0 ? [] : [{ ...upstream, backends: fitting }];
  });
  // Those with trouble are never cut off.
  const shown = found.filter((each, index) => isOpen || index < few || upstreamState(each).tone !== 'good');
  const note = (
    <>
      <span>{`${plural(upstreams.length, 'upstream')}, ${plural(backends, 'backend')}`}</span>
      {(backends > 12 || text !== '') && (
        <input
          type="search"
          class="search"
          placeholder="Find a backend"
          aria-label="Find an upstream or a backend"
          value={text}
          onInput={event => search(event.currentTarget.value)}
        />
      )}
    </>
  );
  return (
    <Panel id="upstreams" title="Upstreams" note={note}>
      {upstreams.length === 0 && <Nothing>No upstream is configured.</Nothing>}
      {upstreams.length > 0 && found.length === 0 && <Nothing>No backend has a name like that.</Nothing>}
      {found.length > 0 && (
        <div class="scroll">
          <table class="grid backends">
            <caption class="hidden">Backends by upstream, with the traffic of the last minute</caption>
            <thead>
              <tr>
                {columns.map(({ name, title, kind }) => (
                  <th key={name} scope="col" class={kind} title={title}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            {shown.map(upstream => (
              <Group key={upstream.name} upstream={upstream} now={Date.parse(view.time)} isFound={wanted !== ''} />
            ))}
          </table>
        </div>
      )}
      {found.length > shown.length && (
        <button type="button" class="more" onClick={() => open(true)}>
          Show {plural(found.length - shown.length, 'more upstream')}
        </button>
      )}
    </Panel>
  );
}

function Group(props: { readonly upstream: UpstreamView; readonly now: number; readonly isFound: boolean }) {
  const { isFound, now, upstream } = props;
  const [isOpen, open] = useState(false);
  const known = useRef(new Set<string>());
  const { backends, gone = [], name, strategy } = upstream;
  const shown = isOpen || isFound ? backends.slice(0, most) : listed(backends, known.current);
  if (!isOpen && !isFound) known.current = new Set(shown.map(({ id }) => id));
  const { reasons, tone, word } = upstreamState(upstream);
  const hidden = backends.length - shown.length;
  return (
    <tbody>
      <tr class="group">
        <th colSpan={columns.length} scope="rowgroup">
          <span class="group-name">{name}</span>
          <span class="muted">{strategy}</span>
          <State tone={tone} word={word} />
          <span class="muted">{rate(perSecond(backends))} /s</span>
          {reasons.map(reason => (
            <span key={reason} class="reason">
              {reason}
            </span>
          ))}
        </th>
      </tr>
      {shown.map(backend => (
        <BackendRow key={backend.id} upstream={name} backend={backend} now={now} />
      ))}
      {gone.slice(0, most).map(({ byHand, id }) => (
        <tr key={`gone ${id}`} class="gone">
          <td colSpan={columns.length}>
            <State tone="idle" word="not there now" /> {id}{' '}
            <span class="reason">{byHandLines(byHand, now).join(', ')}</span>
          </td>
        </tr>
      ))}
      {(hidden > 0 || isOpen) && backends.length > shown.length - 1 && !isFound && (hidden > 0 || isOpen) && (
        <tr class="fold">
          <td colSpan={columns.length}>
            <button
              type="button"
              class="more"
              aria-expanded={isOpen}
              disabled={isOpen && hidden > 0 && backends.length <= most}
              onClick={() => open(!isOpen)}
            >
              {isOpen ? `Show fewer of ${name}` : `Show ${count(hidden)} more of ${name}, all up`}
            </button>
            {isOpen && hidden > 0 && <span class="muted"> {count(hidden)} more: find them by name</span>}
          </td>
        </tr>
      )}
    </tbody>
  );
}

function perSecond(backends: readonly BackendView[]): number {
  return backends.reduce((sum, { traffic }) => sum + (traffic?.perSecond ?? 0), 0);
}
