import type { ComponentChildren } from 'preact';
import type { LatencyView } from '../../src/admin/api/views.js';
import { status } from '../link/live.js';
import { count, milliseconds, percent, plural, rate } from '../model/format.js';

/** The numbers that are looked at first. */
export function Figures() {
  const view = status.value;
  if (view === undefined) return null;
  const { listeners, streams, traffic, tunnels, upstreams } = view;
  // A single second jumps too much to be read.
  const last = traffic.seconds.slice(-5);
  const now = last.reduce((sum, { requests }) => sum + requests, 0) / Math.max(1, last.length);
  const backends = upstreams.flatMap(upstream => upstream.backends);
  const up = backends.filter(({ available }) => available).length;
  const connections = listeners.reduce((sum, each) => sum + each.connections, 0);
  const { failed, failedShare, latency, requests } = traffic;
  return (
    <dl class="figures" aria-label="The last minute">
      <Figure name="Requests" value={rate(now)} unit="/s" note={`${count(requests)} in a minute`} />
      <Figure
        name="Failed"
        value={percent(failedShare)}
        tone={failedShare >= 0.05 ? 'bad' : failedShare >= 0.01 ? 'warn' : undefined}
        note={`${count(failed)} in a minute`}
      />
      <Quantile name="p50" latency={latency} note="half faster" />
      <Quantile name="p90" latency={latency} note="9 of 10 faster" />
      <Quantile name="p99" latency={latency} note="99 of 100 faster" />
      <Figure name="In flight" value={count(traffic.inFlight)} note={plural(connections, 'connection')} />
      <Figure name="Streams" value={count(streams)} note="event streams" />
      <Figure name="Tunnels" value={count(tunnels)} note="WebSockets etc." />
      <Figure
        name="Backends up"
        value={count(up)}
        unit={` of ${count(backends.length)}`}
        tone={up < backends.length ? 'warn' : undefined}
        note={up < backends.length ? `${count(backends.length - up)} out` : 'all'}
      />
    </dl>
  );
}

function Figure(props: {
  readonly name: string;
  readonly value: ComponentChildren;
  readonly unit?: string;
  readonly note: string;
  readonly tone?: 'warn' | 'bad' | undefined;
}) {
  const { name, note, tone, unit, value } = props;
  return (
    <div class={`figure ${tone ?? ''}`}>
      <dt>{name}</dt>
      <dd>
        <strong>{value}</strong>
        {unit !== undefined && <span class="unit">{unit}</span>}
        <small>{note}</small>
      </dd>
    </div>
  );
}

function Quantile(props: {
  readonly name: keyof LatencyView;
  readonly latency: LatencyView | undefined;
  readonly note: string;
}) {
  const { latency, name, note } = props;
  const [value = '–', unit] = latency === undefined ? [] : milliseconds(latency[name]).split(' ');
  return (
    <Figure
      name={name}
      value={value}
      {...(unit !== undefined && { unit: ` ${unit}` })}
      note={latency === undefined ? 'no requests' : note}
    />
  );
}
