import type { CertificateView, LimitView, ListenerView, StatusView, ThreadView } from '../../src/admin/api/views.js';
import { status } from '../link/live.js';
import type { Tone } from '../model/backend-state.js';
import { bytes, clock, count, duration, milliseconds, moment, percent, plural } from '../model/format.js';
import { openDialog } from './open-dialog.js';
import { Nothing, Panel, Shape, State } from './state.js';

/** Rows of each of these lists at most. */
const most = 64;

/** Limits at which requests are refused or wait. */
export function Limits() {
  const { limits } = status.value!;
  return (
    <Panel id="limits" title="Limits that bite">
      {limits.length === 0 && <Nothing>None in the last minute.</Nothing>}
      {limits.length > 0 && (
        <ul class="rows">
          {limits.slice(0, most).map(each => (
            <LimitItem key={`${each.limit} ${each.backend}`} limit={each} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function LimitItem({ limit: { backend, limit, refused, waiting } }: { readonly limit: LimitView }) {
  return (
    <li>
      <span class="grow">
        <Shape tone="warn" /> <code>{limit}</code> {backend !== undefined && <span class="muted">{backend}</span>}
      </span>
      <span>
        {refused !== undefined && `${count(refused)} refused`}
        {waiting !== undefined && ` ${count(waiting)} wait`}
      </span>
    </li>
  );
}

/** Which configuration is in force, with the button that reads it again. */
export function Configuration() {
  const { configuration, time } = status.value!;
  const { hash, lastReload, loadedAt, pending, refusal } = configuration;
  const since = (moment: string): string => duration(Date.parse(time) - Date.parse(moment));
  return (
    <Panel
      id="configuration"
      title="Configuration"
      note={
        <button type="button" class="small" aria-haspopup="dialog" onClick={() => openDialog({ kind: 'reload' })}>
          Reload…
        </button>
      }
    >
      <dl class="pairs">
        <div>
          <dt>Version</dt>
          <dd>
            <code>{hash}</code>
          </dd>
        </div>
        <div>
          <dt>In force</dt>
          <dd title={moment(loadedAt)}>for {since(loadedAt)}</dd>
        </div>
        <div>
          <dt>Last reload</dt>
          <dd>
            {lastReload === undefined ? (
              <span class="muted">none since the start</span>
            ) : (
              <span title={moment(lastReload.time)}>
                <State tone={lastReload.result === 'refused' ? 'bad' : 'good'} word={lastReload.result} />{' '}
                {since(lastReload.time)} ago
              </span>
            )}
          </dd>
        </div>
      </dl>
      {refusal !== undefined && <p class="problem">{refusal}</p>}
      {pending.slice(0, most).map(line => (
        <p key={line} class="pending">
          with the next start: {line}
        </p>
      ))}
    </Panel>
  );
}

/** The listeners for clients, and the certificates that they serve. */
export function Listeners() {
  const { certificates, listeners } = status.value!;
  return (
    <Panel id="listeners" title="Listeners and certificates">
      {listeners.length === 0 && <Nothing>None is open.</Nothing>}
      <ul class="rows">
        {listeners.slice(0, most).map(each => (
          <ListenerItem key={each.name} listener={each} />
        ))}
      </ul>
      {certificates.length > 0 && <h3>Certificates</h3>}
      <ul class="rows">
        {certificates.slice(0, most).map(each => (
          <CertificateItem key={`${each.listener} ${each.file}`} certificate={each} />
        ))}
      </ul>
    </Panel>
  );
}

function ListenerItem({ listener: { connections, name, url } }: { readonly listener: ListenerView }) {
  return (
    <li>
      <span class="grow">
        <b>{name}</b> <span class="muted">{url}</span>
      </span>
      <span>{plural(connections, 'connection')}</span>
    </li>
  );
}

function CertificateItem({ certificate }: { readonly certificate: CertificateView }) {
  const { daysLeft, expires, file, listener, names } = certificate;
  const tone: Tone = daysLeft <= 7 ? 'bad' : daysLeft <= 21 ? 'warn' : 'good';
  const word = daysLeft < 0 ? 'expired' : plural(daysLeft, 'day');
  return (
    <li title={`${file}, of the listener ${listener}, until ${moment(expires)}`}>
      <span class="grow">
        <b>{names[0] ?? file}</b>
        {names.length > 1 && <span class="muted"> and {count(names.length - 1)} more</span>}
      </span>
      <State tone={tone} word={word} />
    </li>
  );
}

const threadTones: Readonly<Record<ThreadView['state'], Tone>> = { running: 'good', silent: 'bad', absent: 'warn' };

/** The threads of the program. */
export function Threads() {
  const { threads, version } = status.value!;
  return (
    <Panel id="threads" title="Threads" note={`node ${version.node.replace('v', '')}, process ${version.pid}`}>
      <table class="plain">
        <thead>
          <tr>
            <th scope="col">Thread</th>
            {['In flight', 'Busy', 'Delay', 'Heap'].map(name => (
              <th key={name} scope="col" class="number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {threads.slice(0, most).map(each => (
            <ThreadRow key={each.thread} thread={each} />
          ))}
        </tbody>
      </table>
    </Panel>
  );
}

function ThreadRow({ thread: of }: { readonly thread: ThreadView }) {
  const { busy, heapUsed, inFlight, loopDelay, state, thread } = of;
  return (
    <tr>
      <th scope="row">
        <Shape tone={threadTones[state]} /> {thread} {state !== 'running' && <span class="bad-text">{state}</span>}
      </th>
      <td class="number">{inFlight === undefined ? '–' : count(inFlight)}</td>
      <td class="number">
        {busy === undefined ? (
          '–'
        ) : (
          <>
            <meter min={0} max={1} low={0.7} high={0.9} optimum={0} value={Math.min(1, busy)} aria-hidden="true" />{' '}
            {percent(busy)}
          </>
        )}
      </td>
      <td class="number" title="The longest delay of the event loop in the last minute">
        {loopDelay === undefined ? '–' : milliseconds(loopDelay)}
      </td>
      <td class="number">{heapUsed === undefined ? '–' : bytes(heapUsed)}</td>
    </tr>
  );
}

/** When what is shown was true. */
export function AsOf({ view }: { readonly view: StatusView }) {
  return (
    <footer class="muted">
      As of {clock(view.time)}. Rates and shares are those of the last minute; percentiles are off by a fifth at most.
    </footer>
  );
}
