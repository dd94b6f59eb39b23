import type { TailedLine } from '../../src/admin/api/views.js';

/** A line with a number of its own, for lists. */
export interface NumberedLine {
  readonly id: number;
  readonly line: TailedLine;
}

/** What the reader wants to see: texts as they were typed. */
export interface TailFilters {
  readonly route: string;
  readonly status: string;
  readonly slowerThan: string;
  readonly client: string;
}

/** No filter. */
export const noFilters: TailFilters = { route: '', status: '', slowerThan: '', client: '' };

/** The last lines of a tail, the newest first, and how many there were. Never more than `most`. */
export class TailLines {
  #lines: readonly NumberedLine[] = [];
  #seen = 0;
  #dropped = 0;

  constructor(private readonly most = 200) {}

  get lines(): readonly NumberedLine[] {
    return this.#lines;
  }

  /** How many came. */
  get seen(): number {
    return this.#seen;
  }

  /** How many the gateway left out, because they came too fast. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Takes access lines as JSON texts, the oldest first. What is no such line is left out. */
  add(texts: readonly string[]): void {
    this.#seen += texts.length;
    // Of a flood only those are read that will be shown.
    const fresh = texts.slice(-this.most).flatMap((text, index, all) => {
      const line = parse(text);
      return line === undefined ? [] : [{ id: this.#seen - all.length + index, line }];
    });
    this.#lines = [...fresh.toReversed(), ...this.#lines].slice(0, this.most);
  }

  addDropped(data: string): void {
    const { dropped } = (parse(data) ?? {}) as { readonly dropped?: number };
    this.#dropped += dropped ?? 0;
  }

  clear(): void {
    this.#lines = [];
    this.#seen = 0;
    this.#dropped = 0;
  }
}

function parse(text: string): TailedLine | undefined {
  try {
    return JSON.parse(text) as TailedLine;
  } catch {
    return undefined;
  }
}

/** The filters as `GET /tail` takes them. A bare number of milliseconds is taken as such. */
export function tailQuery(filters: TailFilters): string {
  const { slowerThan } = filters;
  const wanted = {
    ...filters,
    slowerThan: /^\s*\d+(\.\d+)?\s*$/.test(slowerThan) ? `${slowerThan.trim()}ms` : slowerThan,
  };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(wanted)) {
    const text = value.trim();
    if (text !== '') query.set(name, text.replaceAll(/\s*,\s*/g, ','));
  }
  return query.toString();
}
