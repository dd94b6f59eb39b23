import { useMemo, useState } from 'preact/hooks';
import { routeTable, status } from '../link/live.js';
import { count, milliseconds, percent, plural, rate } from '../model/format.js';
import { matching, shownRoutes, SteadyOrder, type RouteOrder, type ShownRoute } from '../model/routes.js';
import { Nothing, Panel } from './state.js';

/** Routes that are listed without being asked for, and at all. */
const [few, most] = [12, 300];
/** Milliseconds for which the rows keep their places. */
const rest = 10_000;

const orders: readonly { readonly by: RouteOrder; readonly name: string }[] = [
  { by: 'busiest', name: 'busiest' },
  { by: 'failing', name: 'failing' },
  { by: 'slowest', name: 'slowest' },
  { by: 'matching', name: 'in matching order' },
];

/** The routes, with the traffic of the last minute. */
export function Routes() {
  const [by, sortBy] = useState<RouteOrder>('busiest');
  const [text, search] = useState('');
  const [isOpen, open] = useState(false);
  const steady = useMemo(() => new SteadyOrder(rest), []);
  const view = status.value;
  if (view === undefined) return null;
  const routes = shownRoutes(routeTable.value, view.routes);
  const arranged = steady.arrange(routes, by, String(routeTable.value.length), performance.now());
  const found = matching(arranged, text);
  const shown = found.slice(0, isOpen ? most : few);
  const busy = routes.filter(({ traffic }) => traffic !== undefined).length;
  const note = (
    <>
      <span>
        {plural(routes.length, 'route')}, {count(busy)} with traffic
      </span>
      {routes.length > few && (
        <input
          type="search"
          class="search"
          placeholder="Find a route"
          aria-label="Find a route"
          value={text}
          onInput={event => search(event.currentTarget.value)}
        />
      )}
      <label class="sort">
        <span class="hidden">Sort routes</span>
        <select value={by} onChange={event => sortBy(event.currentTarget.value as RouteOrder)}>
          {orders.map(each => (
            <option key={each.by} value={each.by}>
              {each.name}
            </option>
          ))}
        </select>
      </label>
    </>
  );
  return (
    <Panel id="routes" title="Routes" note={note}>
      {routes.length === 0 && <Nothing>No route is configured.</Nothing>}
      {routes.length > 0 && found.length === 0 && <Nothing>No route is like that.</Nothing>}
      {found.length > 0 && (
        <div class="scroll">
          <table class="grid routes">
            <caption class="hidden">Routes with the traffic of the last minute</caption>
            <thead>
              <tr>
                <th scope="col" class="name">
                  Route
                </th>
                <th scope="col" class="wide">
                  Requests for
                </th>
                <th scope="col" class="wide">
                  Go to
                </th>
                {['Req/s', 'Failed', 'p50', 'p90', 'p99'].map(name => (
                  <th key={name} scope="col" class="number">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map(route => (
                <RouteRow key={route.name} route={route} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {found.length > few && (
        <button type="button" class="more" aria-expanded={isOpen} onClick={() => open(!isOpen)}>
          {isOpen ? 'Show fewer routes' : `Show ${count(Math.min(found.length, most) - few)} more routes`}
        </button>
      )}
      {isOpen && found.length > most && <Nothing>{count(found.length - most)} more: find them by name.</Nothing>}
    </Panel>
  );
}

function RouteRow({ route }: { readonly route: ShownRoute }) {
  const { name, places, shadowedBy, target, traffic } = route;
  const { latency } = traffic ?? {};
  const share = traffic?.failedShare ?? 0;
  const tone = share >= 0.05 ? 'bad-text' : share >= 0.01 ? 'warn-text' : '';
  return (
    <tr class={traffic === undefined ? 'quiet' : ''}>
      <th scope="row" class="name" title={name}>
        <span class="id">{name === 'none' ? 'no route' : name}</span>
      </th>
      <td class="wide" data-label="Requests for" title={places.join('\n')}>
        <code class="cut">{places[0] ?? '–'}</code>
        {places.length > 1 && <small class="muted"> and {count(places.length - 1)} more</small>}
        {shadowedBy !== undefined && <small class="warn-text">never matches: {shadowedBy} comes before</small>}
      </td>
      <td class="wide" data-label="Go to">
        <span class="cut" title={target}>
          {target}
        </span>
      </td>
      <td class="number first" data-label="Req/s">
        {traffic === undefined ? '–' : rate(traffic.perSecond)}
      </td>
      <td class={`number ${tone}`} data-label="Failed">
        {traffic === undefined ? '–' : percent(share)}
      </td>
      {(['p50', 'p90', 'p99'] as const).map(each => (
        <td key={each} class="number" data-label={each}>
          {latency === undefined ? '–' : milliseconds(latency[each])}
        </td>
      ))}
    </tr>
  );
}
