/** A drain that was set by hand. */
export interface SetDrain {
  /** When it is lifted, in milliseconds since 1970; undefined: it stays until it is lifted. */
  readonly until?: number | undefined;
}

/** A weight that was set by hand. */
export interface SetWeight {
  /** 0..1000; 0: no new requests. */
  readonly value: number;
  /** When the weight of the configuration holds again, in milliseconds since 1970; undefined: it stays until it is reset. */
  readonly until?: number | undefined;
}

/** A circuit that is held open by hand. */
export interface SetCircuit {
  /** When it closes, in milliseconds since 1970; undefined: it stays open until it is closed. */
  readonly until?: number | undefined;
}

/** What is set for one backend by hand: plain data, which can be sent to another thread. */
export interface BackendSetting {
  /** Name of the upstream. */
  readonly upstream: string;
  /** Id of the backend. */
  readonly backend: string;
  readonly drained?: SetDrain | undefined;
  readonly weight?: SetWeight | undefined;
  /** Its circuit breaker is held open. */
  readonly circuit?: SetCircuit | undefined;
}

/** Whether two settings of one backend say the same. */
export function isSameSetting(one: BackendSetting | undefined, other: BackendSetting | undefined): boolean {
  return (
    isSameEnd(one?.drained, other?.drained) &&
    isSameEnd(one?.circuit, other?.circuit) &&
    isSameEnd(one?.weight, other?.weight) &&
    one?.weight?.value === other?.weight?.value
  );
}

/** What is left of a setting at a time: without what has ended until then. Undefined: nothing. */
export function settingAt(time: number, setting: BackendSetting): BackendSetting | undefined {
  const lasts = ({ until }: SetDrain): boolean => until === undefined || until > time;
  const drained = setting.drained !== undefined && lasts(setting.drained) ? setting.drained : undefined;
  const weight = setting.weight !== undefined && lasts(setting.weight) ? setting.weight : undefined;
  const circuit = setting.circuit !== undefined && lasts(setting.circuit) ? setting.circuit : undefined;
  if (drained === undefined && weight === undefined && circuit === undefined) return undefined;
  return Object.freeze({ upstream: setting.upstream, backend: setting.backend, drained, weight, circuit });
}

/** The times at which parts of a setting end, in milliseconds since 1970. */
export function endsOf({ circuit, drained, weight }: BackendSetting): number[] {
  return [drained?.until, weight?.until, circuit?.until].filter(until => until !== undefined);
}

/** A setting in words, a line for each part: `orders/10.0.0.1:3000 is drained by hand, until 2026-01-31T12:00:00.000Z`. `stays`: it was set before. */
export function settingLines({ upstream, backend, circuit, drained, weight }: BackendSetting, stays = false): string[] {
  const name = `${upstream}/${backend}`;
  const lines: string[] = [];
  if (drained !== undefined) lines.push(`${name} ${stays ? 'stays' : 'is'} drained by hand${untilWords(drained)}`);
  if (weight !== undefined)
    lines.push(`${name} ${stays ? 'keeps' : 'has'} weight ${weight.value} by hand${untilWords(weight)}`);
  if (circuit !== undefined)
    lines.push(`the circuit of ${name} ${stays ? 'stays' : 'is held'} open by hand${untilWords(circuit)}`);
  return lines;
}

/** What has changed between two settings of one backend, in words, a line for each part. */
export function changeLines(
  { upstream, backend }: Pick<BackendSetting, 'upstream' | 'backend'>,
  before: BackendSetting | undefined,
  after: BackendSetting | undefined,
): string[] {
  const isDrainSame = isSameEnd(before?.drained, after?.drained);
  const isWeightSame = before?.weight?.value === after?.weight?.value && isSameEnd(before?.weight, after?.weight);
  const isCircuitSame = isSameEnd(before?.circuit, after?.circuit);
  const lines = settingLines({
    upstream,
    backend,
    circuit: isCircuitSame ? undefined : after?.circuit,
    drained: isDrainSame ? undefined : after?.drained,
    weight: isWeightSame ? undefined : after?.weight,
  });
  const name = `${upstream}/${backend}`;
  if (!isDrainSame && after?.drained === undefined) lines.push(`${name} is no longer drained by hand`);
  if (!isWeightSame && after?.weight === undefined) lines.push(`${name} has the weight of its configuration again`);
  if (!isCircuitSame && after?.circuit === undefined)
    lines.push(`the circuit of ${name} is no longer held open by hand`);
  return lines;
}

/** `, until 2026-01-31T12:00:00.000Z`, or nothing. */
export function untilWords({ until }: SetDrain): string {
  return until === undefined ? '' : `, until ${new Date(until).toISOString()}`;
}

function isSameEnd(one: SetDrain | undefined, other: SetDrain | undefined): boolean {
  return (one === undefined) === (other === undefined) && one?.until === other?.until;
}
