import { signal } from '@preact/signals';
import { noFilters, tailQuery, TailLines, type NumberedLine, type TailFilters } from '../model/tail-lines.js';
import { EventStream } from './event-stream.js';

/** What the tail does. `held`: lines come and are kept back. */
export type TailState = 'off' | 'opening' | 'running' | 'held' | 'lost';

/** What the tail shows. */
export interface TailView {
  readonly lines: readonly NumberedLine[];
  readonly seen: number;
  readonly dropped: number;
}

export const tailState = signal<TailState>('off');
export const tailFilters = signal<TailFilters>(noFilters);
export const tailView = signal<TailView>({ lines: [], seen: 0, dropped: 0 });
/** Why the gateway has refused the filters. */
export const tailRefusal = signal<string | undefined>();
/** Lines that came while the tail was held. */
export const heldBack = signal(0);

/** Milliseconds between two changes of the list. */
const step = 250;

const lines = new TailLines();
let stream: EventStream | undefined;
let drawing: ReturnType<typeof setTimeout> | undefined;
let seenWhenHeld = 0;

/** Begins to watch, with the filters as they are; again where it watches already. */
export function startTail(): void {
  stream?.stop();
  lines.clear();
  draw();
  tailRefusal.value = undefined;
  tailState.value = 'opening';
  stream = new EventStream(`tail?${tailQuery(tailFilters.value)}`, 40_000, {
    opened: () => {
      if (tailState.value !== 'held') tailState.value = 'running';
    },
    take: events => {
      lines.add(events.flatMap(({ data, event }) => (event === 'exchange' ? [data] : [])));
      for (const { data, event } of events) if (event === 'dropped') lines.addDropped(data);
      drawing ??= setTimeout(() => {
        drawing = undefined;
        if (tailState.value === 'held') heldBack.value = lines.seen - seenWhenHeld;
        else draw();
      }, step);
    },
    lost: refusal => {
      // Filters that are refused now will be refused again.
      const isRefused = refusal !== undefined && [400, 404, 503].includes(refusal.status);
      tailState.value = isRefused ? 'off' : 'lost';
      tailRefusal.value = isRefused ? refusal.lines.join(' ') : undefined;
      return !isRefused;
    },
  });
}

/** Ends to watch; what has come stays. */
export function stopTail(): void {
  stream?.stop();
  stream = undefined;
  draw();
  tailState.value = 'off';
}

/** Keeps back what comes, so that the list can be read. */
export function holdTail(): void {
  if (tailState.value !== 'running') return;
  seenWhenHeld = lines.seen;
  heldBack.value = 0;
  tailState.value = 'held';
}

/** Shows again what comes. */
export function resumeTail(): void {
  if (tailState.value !== 'held') return;
  tailState.value = 'running';
  draw();
}

function draw(): void {
  clearTimeout(drawing);
  drawing = undefined;
  tailView.value = { lines: lines.lines, seen: lines.seen, dropped: lines.dropped };
}
