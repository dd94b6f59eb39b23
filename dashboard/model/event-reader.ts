/** A server-sent event: its name, and its data on one line, as the admin listener writes them. */
export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** Characters of the longest event; a stream with a longer one is none of the gateway's. */
const longest = 32 * 1024 * 1024;

/** Cuts the text of an event stream into events. Comments are left out. */
export class EventReader {
  #rest = '';

  /** The events that end in this piece of the text. @throws Error when an event does not end. */
  read(piece: string): ServerEvent[] {
    const blocks = (this.#rest + piece).split('\n\n');
    this.#rest = blocks.pop()!;
    if (this.#rest.length > longest) throw new Error('an event is too long');
    return blocks.flatMap(block => {
      const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
      return event === undefined || data === undefined ? [] : [{ event, data }];
    });
  }
}
