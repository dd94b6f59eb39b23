import { useEffect, useState } from 'preact/hooks';
import type { LastingListView, LastingView } from '../../src/admin/api/views.js';
import { ask } from '../link/api.js';
import { link, status } from '../link/live.js';
import { bytes, count, duration } from '../model/format.js';
import { Nothing, Panel } from './state.js';

/** How many are listed. */
const most = 50;
/** Milliseconds between two lists. */
const pause = 3_000;

/** Open event streams and tunnels: how many, and, when it is opened, which. */
export function Lasting() {
  const view = status.value;
  if (view === undefined) return null;
  const { streams, time, tunnels } = view;
  return (
    <Panel id="lasting" title="Streams and tunnels" note={`${count(streams)} streams, ${count(tunnels)} tunnels`}>
      <List path="streams" title="Event streams" open={streams} now={Date.parse(time)} />
      <List path="tunnels" title="WebSockets and other tunnels" open={tunnels} now={Date.parse(time)} />
    </Panel>
  );
}

function List(props: {
  readonly path: 'streams' | 'tunnels';
  readonly title: string;
  readonly open: number;
  readonly now: number;
}) {
  const { now, open: number, path, title } = props;
  const [isOpen, open] = useState(false);
  const [list, setList] = useState<LastingListView | undefined>();
  const isLive = link.value.is === 'live';
  useEffect(() => {
    if (!isOpen || !isLive) return undefined;
    let timer: ReturnType<typeof setTimeout>;
    let isOver = false;
    const read = async (): Promise<void> => {
      const answer = await ask<LastingListView>('GET', `${path}?limit=${most}`);
      if (isOver) return;
      if ('body' in answer) setList(answer.body);
      timer = setTimeout(() => void read(), pause);
    };
    void read();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [isOpen, isLive]);
  return (
    <details open={isOpen} onToggle={event => open(event.currentTarget.open)}>
      <summary>
        {title} <b>{count(number)}</b>
      </summary>
      {list?.listed.length === 0 && <Nothing>None is open.</Nothing>}
      <ul class="lasting">
        {list?.listed.map(each => (
          <Item key={each.requestId} of={each} now={now} />
        ))}
      </ul>
      {list !== undefined && list.open > list.listed.length && (
        <Nothing>{count(list.open - list.listed.length)} more are open.</Nothing>
      )}
    </details>
  );
}

function Item({ now, of }: { readonly of: LastingView; readonly now: number }) {
  const {
    backend,
    bytesIn,
    bytesOut,
    client,
    messagesIn,
    messagesOut,
    openedAt,
    path,
    protocol,
    requestId,
    route,
    upstream,
  } = of;
  const messages = [
    messagesIn === undefined ? '' : `${count(messagesIn)} in`,
    messagesOut === undefined ? '' : `${count(messagesOut)} out`,
  ];
  return (
    <li title={`request ${requestId}`}>
      <div>
        <b>{path}</b> <span class="muted">{protocol}</span> {route} → {backend ?? `${upstream}, waits for a backend`}
      </div>
      <div class="muted">
        {client}, for {duration(Math.max(0, now - Date.parse(openedAt)))}, {bytes(bytesIn)} in, {bytes(bytesOut)} out
        {messages.some(Boolean) && `, messages: ${messages.filter(Boolean).join(', ')}`}
      </div>
    </li>
  );
}
