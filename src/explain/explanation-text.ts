import type { Candidacy } from '../routing/candidacy-view.js';
import type { BackendView, Explanation, Outcome, UpstreamView, Verdict } from './explanation.js';

/** Routes that are listed. */
const mostRoutes = 12;
const marks: Readonly<Record<Candidacy['outcome'], string>> = { wins: '✓', 'passed over': '-', other: '·' };

/** An explanation for people: what becomes of the request, then why, in the order of its road. */
export function explanationText(explanation: Explanation): string {
  const { client, forwarded, id, listener, notes, outcome, path, request, response, upstream, verdict } = explanation;
  const head = [
    `${request.method} ${request.url}`,
    ...(outcome === undefined ? [] : [`  came to ${outcomeWords(outcome)}`]),
    `  ${outcome === undefined ? '' : 'foreseen: '}${verdictWords(verdict)}`,
  ];
  const facts = [
    ...(id === undefined ? [] : [['id', id]]),
    ['listener', `${listener.name}: ${listener.why}`],
    ['client', `${client.address}: ${client.why}`],
    ...(path === undefined ? [] : [['path', pathWords(path)]]),
    ...notes.map(note => ['note', note]),
  ];
  const parts = [
    head,
    columns(facts),
    section('routes', routeLines(explanation)),
    section('policies', policyLines(explanation)),
    section('to the backend', [...(forwarded === undefined ? [] : [forwarded.target, ...forwarded.changes])]),
    section('in the response', response),
    ...(upstream === undefined ? [] : [upstreamLines(upstream)]),
  ];
  return `${parts
    .filter(lines => lines.length > 0)
    .map(lines => lines.join('\n'))
    .join('\n\n')}\n`;
}

function verdictWords({ code, fields = [], kind, policy, reason, status }: Verdict): string {
  const what =
    kind === 'unknown'
      ? 'cannot be told'
      : status === undefined
        ? `→ ${kind}`
        : `→ ${kind}: ${[status, code].filter(Boolean).join(' ')}`;
  const by = policy === undefined ? '' : ` by ${policy}`;
  const why = reason === undefined ? '' : kind === 'forwarded' ? ` to ${reason}` : ` (${reason})`;
  const location = fields.find(field => field.startsWith('location: '));
  return `${what}${by}${why}${location === undefined ? '' : `, ${location}`}`;
}

function outcomeWords({ attempts, backend, error, milliseconds, reason, route, status, upstream }: Outcome): string {
  const told = [
    String(status),
    error === undefined ? undefined : `${error}${reason === undefined ? '' : ` (${reason})`}`,
    route === undefined ? 'no route' : `route ${route}`,
    upstream === undefined ? undefined : `upstream ${upstream}`,
    backend === undefined ? undefined : `backend ${backend}`,
    attempts > 1 ? `${attempts} attempts` : undefined,
    `${milliseconds} ms`,
  ];
  return told.filter(each => each !== undefined).join(', ');
}

function pathWords({ asked, forwarded, lookedUp }: NonNullable<Explanation['path']>): string {
  const differs = asked !== lookedUp || asked !== forwarded;
  return differs ? `${asked}, looked up as ${lookedUp}, passed on as ${forwarded}` : asked;
}

function routeLines({ moreRoutes, routes }: Explanation): string[] {
  const shown = routes.filter((each, index) => each.outcome !== 'other' || index < mostRoutes);
  const lines = columns(
    shown.map(({ name, outcome, path, priority, why }) => {
      const order = priority === 0 ? '' : `priority ${priority}; `;
      return [`${marks[outcome]} ${name}`, path, `${outcome === 'wins' ? 'taken: ' : ''}${order}${why}`];
    }),
  );
  const more = routes.length - shown.length + moreRoutes;
  return more === 0 ? lines : [...lines, `… and ${more} more whose host or path does not fit`];
}

function policyLines({ policies }: Explanation): string[] {
  const words = {
    passes: 'passes',
    refuses: 'would refuse',
    answers: 'would answer',
    unknown: 'cannot tell',
    'not asked': 'not asked',
  };
  return columns(
    policies.map(({ name, says, status, verdict }) => [
      name,
      `${words[verdict]}${status === undefined ? '' : `: ${status}`}`,
      says.join('; '),
    ]),
  );
}

function upstreamLines({
  backends,
  fallback,
  name,
  panicking,
  pick,
  retries,
  strategy,
  timeouts,
}: UpstreamView): string[] {
  const { connect, idle, response } = timeouts;
  return [
    `upstream ${name}`,
    ...indented(
      columns([
        ['strategy', strategy],
        ['pick', `${pick}${panicking ? '; a panic: vetoes do not count' : ''}`],
        ['timeouts', `connect ${connect}, response ${response}, idle ${idle}`],
        ['retries', retries],
        ['fallback', fallback],
      ]),
    ),
    ...indented(
      columns([['', 'BACKEND', 'WEIGHT', 'IN FLIGHT', 'PLACES', 'CIRCUIT', 'VETOES'], ...backends.map(backendCells)]),
    ),
  ];
}

function backendCells(backend: BackendView): string[] {
  const { backup, circuit, id, inFlight, mayBePicked, places, vetoes, waiting, weight } = backend;
  const held = vetoes.map(({ by, reason, until, veto }) => {
    const why = reason === undefined ? '' : ` (${reason})`;
    return `${veto} by ${by}${why}${until === undefined || reason?.includes(until) === true ? '' : ` until ${until}`}`;
  });
  return [
    mayBePicked ? '→' : '',
    `${id}${backup ? ' (backup)' : ''}`,
    String(weight),
    String(inFlight),
    `${places}${waiting === 0 ? '' : `, ${waiting} wait`}`,
    circuit,
    held.join(', ') || '-',
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...indented(lines)];
}

function indented(lines: readonly string[]): string[] {
  return lines.map(line => `  ${line}`);
}

/** Cells below each other, the last of each line without blanks behind it. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  return rows.map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}
