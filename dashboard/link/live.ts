import { batch, computed, signal } from '@preact/signals';
import type { RouteView, StatusView } from '../../src/admin/api/views.js';
import { History } from '../model/history.js';
import { ask } from './api.js';
import { EventStream } from './event-stream.js';

/** How the page and the gateway stand. */
export type LinkState =
  | { readonly is: 'opening' }
  | { readonly is: 'live' }
  /** `since`: milliseconds since 1970, of the clock here. */
  | { readonly is: 'lost'; readonly since: number; readonly why: string | undefined };

/** The last status; undefined: none has come. */
export const status = signal<StatusView | undefined>();
export const link = signal<LinkState>({ is: 'opening' });
/** The route table of the configuration in force. */
export const routeTable = signal<readonly RouteView[]>([]);
/** The seconds that the page has heard of; {@link beat} changes with it. */
export const history = new History();
/** Counts the statuses that have come. */
export const beat = signal(0);
/** Milliseconds since 1970, each second while the connection is lost. */
export const clockHere = signal(Date.now());
/** The gateway is another version than the one that this page is of. */
export const isOutdated = signal(false);
/** What the last status says is old. */
export const isStale = computed(() => link.value.is !== 'live');

/** Milliseconds without an event after which the connection counts as lost: a status comes each second. */
const silence = 6_000;
/** Milliseconds for which a page that is not seen stays connected: browsers keep few connections to one server. */
const unseen = 5 * 60_000;

let ticking: ReturnType<typeof setInterval> | undefined;
let known = '';
let ofVersion: string | undefined;

/** Keeps the page connected for as long as it is open. */
export function keepLive(): void {
  let stream: EventStream | undefined = open();
  let leaving: ReturnType<typeof setTimeout> | undefined;
  document.addEventListener('visibilitychange', () => {
    clearTimeout(leaving);
    if (document.visibilityState === 'visible') {
      stream?.hurry();
      stream ??= open();
      return;
    }
    leaving = setTimeout(() => {
      stream?.stop();
      stream = undefined;
      lose('the page was not seen for long');
    }, unseen);
  });
  window.addEventListener('online', () => stream?.hurry());
}

function open(): EventStream {
  return new EventStream('live', silence, {
    opened: () => {},
    take: events => {
      const last = events.findLast(({ event }) => event === 'status' || event === 'failure');
      if (last === undefined) return;
      const view = JSON.parse(last.data) as StatusView | { readonly detail: string };
      if ('detail' in view) lose(view.detail);
      else take(view);
    },
    lost: refusal => {
      lose(refusal?.status === 401 ? undefined : refusal?.lines.join(' '));
      return true;
    },
  });
}

function take(view: StatusView): void {
  history.add(view.traffic.seconds);
  clearInterval(ticking);
  ticking = undefined;
  batch(() => {
    status.value = view;
    beat.value++;
    ofVersion ??= view.version.version;
    isOutdated.value = view.version.version !== ofVersion;
    if (link.value.is !== 'live') link.value = { is: 'live' };
  });
  const version = `${view.version.pid} ${view.version.startedAt} ${view.configuration.hash}`;
  if (version === known) return;
  known = version;
  void readRoutes(version);
}

async function readRoutes(version: string): Promise<void> {
  const answer = await ask<readonly RouteView[]>('GET', 'routes');
  if (known !== version) return;
  if ('body' in answer) routeTable.value = answer.body;
  else known = '';
}

function lose(why: string | undefined): void {
  const { value } = link;
  clockHere.value = Date.now();
  ticking ??= setInterval(() => (clockHere.value = Date.now()), 1_000);
  link.value = { is: 'lost', since: value.is === 'lost' ? value.since : Date.now(), why };
}
