import type { ControlledView } from '../admin/api/views.js';
import { didYouMean } from '../spelling/nearest.js';
import { AdminClient, usage, type AdminOptions } from './admin-client.js';
import { exitCode } from './exit-code.js';

/** Options of `gatehouse drain`, `undrain` and `weight`. */
export interface BackendOptions extends AdminOptions {
  /** A duration such as `10m`. */
  readonly for?: string;
  readonly json?: boolean;
}

interface Place {
  readonly upstream: string;
  readonly backend: string;
}

/** The part of the answer of `/upstreams` that names backends; `gone`: those that are not there now, and for which something is set by hand. */
type NamedUpstreams = readonly {
  readonly name: string;
  readonly backends: readonly { readonly id: string }[];
  readonly gone?: readonly { readonly id: string }[];
}[];

/** `gatehouse drain UPSTREAM/ID`: a backend of a running gateway gets no new requests, and is left by event streams and tunnels. */
export function drain(name: string, options: BackendOptions): Promise<number> {
  return act(name, 'drain', {}, options);
}

/** `gatehouse undrain UPSTREAM/ID`: ends that. */
export function undrain(name: string, options: BackendOptions): Promise<number> {
  return act(name, 'undrain', {}, options);
}

/** `gatehouse weight UPSTREAM/ID N|reset`: another weight than that of the configuration, or that again. */
export function weight(name: string, value: string, options: BackendOptions): Promise<number> {
  return act(name, 'weight', { weight: value }, options);
}

/** `gatehouse breaker UPSTREAM/ID open|close|reset`: holds the circuit of a backend open, closes it, or forgets what has failed too. */
export async function breaker(name: string, what: string, options: BackendOptions): Promise<number> {
  const known = ['open', 'close', 'reset'];
  if (!known.includes(what))
    return usage(
      `a circuit breaker can be told to ${known.join(', ')}, and not "${what}"${didYouMean(what, known) || '.'}`,
    );
  if (what !== 'open' && options.for !== undefined) return usage('--for goes with open.');
  return act(name, `breaker/${what}`, {}, options);
}

async function act(
  name: string,
  what: string,
  values: Readonly<Record<string, string>>,
  options: BackendOptions,
): Promise<number> {
  const client = AdminClient.find(options, process.env);
  if (typeof client === 'number') return client;
  const upstreams = await client.ask<NamedUpstreams>('GET', '/upstreams', 'backends');
  if ('code' in upstreams) return upstreams.code;
  const place = find(name, upstreams.body);
  if (typeof place === 'number') return place;
  const query = new URLSearchParams({ ...values, ...(options.for !== undefined && { for: options.for }) });
  const [upstream, backend] = [encodeURIComponent(place.upstream), encodeURIComponent(place.backend)];
  const path = `/upstreams/${upstream}/backends/${backend}/${what}?${query}`;
  const answer = await client.ask<ControlledView>('POST', path, 'changes');
  return 'code' in answer ? answer.code : tell(answer.body, options.json === true);
}

function tell(controlled: ControlledView, json: boolean): number {
  const { changes, warnings } = controlled;
  if (json) process.stdout.write(`${JSON.stringify(controlled, null, 2)}\n`);
  else {
    for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
    process.stdout.write(changes.length === 0 ? 'nothing has changed\n' : `${changes.join('\n')}\n`);
  }
  return exitCode.ok;
}

/** The backend that a name means: `UPSTREAM/ID`, or the id alone where one upstream has it. The exit code where there is none or several. */
function find(name: string, upstreams: NamedUpstreams): Place | number {
  const places = upstreams.flatMap(({ name: upstream, backends, gone = [] }) =>
    [...backends, ...gone].map(({ id }) => ({ upstream, backend: id })),
  );
  const exact = places.find(place => fullName(place) === name);
  if (exact !== undefined) return exact;
  const [place, ...others] = places.filter(({ backend }) => backend === name);
  if (place === undefined) {
    const known = places.flatMap(each => [fullName(each), each.backend]);
    process.stderr.write(
      `gatehouse: no backend is named "${name}"${didYouMean(name, known) || ` (known: ${shown(places)})`}\n`,
    );
    return exitCode.unreachable;
  }
  return others.length === 0
    ? place
    : usage(`several backends have the id "${name}": name one of ${shown([place, ...others])}.`);
}

function shown(places: readonly Place[]): string {
  const names = places.slice(0, 10).map(fullName).join(', ') || 'none';
  return places.length > 10 ? `${names}, …` : names;
}

function fullName({ upstream, backend }: Place): string {
  return `${upstream}/${backend}`;
}
