import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Acceptor } from './acceptor.js';
import type { Listener, ListenerSettings } from './listener.js';
import { StartError } from './start-error.js';

/** Milliseconds between two tries to open an address late. */
const patience = 1_000;

/**
 * The way from the listeners that are open to the next ones. Listeners whose settings say the same stay. Others are made anew, and take over the acceptors of those
 * that go, by their address and not by their names: an address that is served before and after is open all the time.
 *
 * The system does not let an address be opened beside one that overlaps with it (127.0.0.1 and 0.0.0.0, on the same port). Where the other is one of those that go, the
 * new one is opened late: right behind the commit, when the other is closed. Connections that come in between are refused.
 */
export class ListenersChange {
  /** All listeners behind the change, in the order of the configuration. */
  readonly next: readonly Listener[];
  readonly #kept: readonly Listener[];
  readonly #made: readonly Listener[];
  readonly #gone: readonly Listener[];
  readonly #late = new Set<Listener>();
  #isOver = false;

  constructor(
    before: readonly Listener[],
    settings: readonly ListenerSettings[],
    make: (settings: ListenerSettings) => Listener,
  ) {
    // Settings may be other objects that say the same, because a file that they name has changed.
    const known = (each: ListenerSettings): Listener | undefined =>
      before.find(listener => listener.settings === each || isDeepStrictEqual(listener.settings, each));
    this.next = settings.map(each => known(each) ?? make(each));
    this.#kept = before.filter(listener => this.next.includes(listener));
    this.#gone = before.filter(listener => !this.next.includes(listener));
    this.#made = this.next.filter(listener => !before.includes(listener));
  }

  /** Opens what is not open yet; connections that come there wait. Rejects as {@link Listener.listen} does, and when it was undone meanwhile; nothing is open then. */
  async prepare(): Promise<void> {
    try {
      await this.#open();
      if (this.#isOver) throw new Error('the gateway is shutting down');
    } catch (error) {
      this.undo();
      throw error;
    }
  }

  async #open(): Promise<void> {
    for (const listener of this.#kept) await listener.check();
    const free = new Set(this.#gone);
    const acceptors = this.#made.map(({ settings }) => takeOver(settings, free));
    for (const [index, listener] of this.#made.entries()) {
      if (this.#isOver) break;
      try {
        await listener.open(acceptors[index] ?? listener.acceptorOf());
      } catch (error) {
        if (!mayOpenLate(error, listener, free)) throw error;
        this.#late.add(listener);
      }
    }
  }

  /** The new listeners serve, and have \`leave\` called for each of those that go. \`complain\` is given a line for an address that cannot be had late. */
  commit(leave: (listener: Listener) => void, complain: (listener: Listener, line: string) => void): void {
    for (const listener of this.#made) if (!this.#late.has(listener)) listener.serve();
    for (const listener of this.#gone) leave(listener);
    for (const listener of this.#kept) listener.reloadCertificates();
    for (const listener of this.#late) void openLate(listener, line => complain(listener, line));
  }

  /** Closes what was opened. */
  undo(): void {
    this.#isOver = true;
    for (const listener of this.#made) listener.close();
  }
}

/** The acceptor of the listener in \`free\`, which is taken out, that has the address of \`settings\`. */
function takeOver(settings: ListenerSettings, free: Set<Listener>): Acceptor | undefined {
  for (const listener of free) {
    if (!hasAddress(listener, settings)) continue;
    free.delete(listener);
    return listener.acceptor;
  }
  return undefined;
}

function hasAddress({ acceptor, name, port, settings }: Listener, next: ListenerSettings): boolean {
  if (acceptor?.isOpen !== true) return false;
  if (next.unix !== undefined || settings.unix !== undefined) return next.unix === settings.unix;
  if (next.host !== settings.host) return false;
  // A listener that may have any port keeps the one that it has got.
  return isAnyPort(next) ? isAnyPort(settings) && next.name === name : next.port === port;
}

const isAnyPort = ({ port = 0 }: ListenerSettings): boolean => port === 0;

/** Whether the address of a listener is taken, and perhaps by one of \`free\`: the system does not say by whom. */
function mayOpenLate(error: unknown, { settings }: Listener, free: Iterable<Listener>): boolean {
  if (!(error instanceof StartError) || error.code !== 'EADDRINUSE' || settings.unix !== undefined) return false;
  return [...free].some(({ port }) => port === settings.port);
}

async function openLate(listener: Listener, complain: (line: string) => void): Promise<void> {
  let complaint = '';
  while (!listener.acceptor!.isOpen) {
    try {
      await listener.openAgain();
      // It was closed meanwhile.
      if (!listener.acceptor!.isOpen) return;
    } catch (error) {
      const { message } = error as Error;
      if (message !== complaint) complain((complaint = message));
      await pause(patience, undefined, { ref: false });
    }
  }
  listener.serve();
}
