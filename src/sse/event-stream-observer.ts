const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
const DIGIT_0 = 0x30;

/** Where in a line the next byte stands. */
const enum Position {
  Bom,
  LineStart,
  Name,
  AfterColon,
  Value,
  /** The rest of this line does not matter. */
  RestOfLine,
}

const enum Field {
  None,
  Data,
  Id,
  Retry,
}

const bom = [0xef, 0xbb, 0xbf];
const names = [[], [...Buffer.from('data')], [...Buffer.from('id')], [...Buffer.from('retry')]];
const fieldOf = new Uint8Array(256);
for (const field of [Field.Data, Field.Id, Field.Retry]) fieldOf[names[field]![0]!] = field;

/** Bytes of an id that are kept: no backend would take a longer one in a field. */
const maxId = 16 * 1024;

/** Milliseconds: a larger reconnection time counts as this. */
const maxRetry = 2 ** 31;

/**
 * Follows the framing of an event stream (WHATWG HTML §9.2.6) as its bytes pass, cut in any way; keeps nothing of them but ids. Lines end in CR,
 * LF or CRLF, a blank line ends an event, a line that begins with a colon is a comment.
 */
export class EventStreamObserver {
  /** Complete events so far that have data. Comments and events without data do not count: an EventSource dispatches none of them. */
  events = 0;
  /** Milliseconds of the last valid `retry` field. */
  retry: number | undefined;
  /** The last id was too long to be kept: {@link lastId} is cut off. */
  idLost = false;
  #at = Position.Bom;
  #field = Field.None;
  /** Bytes of the name, or of the byte order mark, that have matched. */
  #matched = 0;
  /** A complete name stands in this line. */
  #named = false;
  #afterCr = false;
  /** Inside an event: a field has begun since the last blank line. */
  #open = false;
  #hasData = false;
  /** The id of this line, of this event, and of the last complete one. */
  #lineId = Buffer.alloc(0);
  #eventId = Buffer.alloc(0);
  #lastId = Buffer.alloc(0);
  #lineLength = 0;
  #eventLength = 0;
  #lastLength = 0;
  #eventHasId = false;
  #hasId = false;
  /** The value of this line is one that counts. */
  #valid = false;
  #number = 0;

  /** `keepsIds`: false where {@link lastId} is not needed. */
  constructor(private readonly keepsIds: boolean) {}

  /** Between two events, also at the very start: a comment that is written here falls into no event. */
  get atBoundary(): boolean {
    return !this.#open && (this.#at === Position.LineStart || (this.#at === Position.Bom && this.#matched === 0));
  }

  /** Id of the last complete event that has one, its UTF-8 bytes as Latin-1; undefined: none had. It may be empty. */
  get lastId(): string | undefined {
    return this.#hasId ? this.#lastId.toString('latin1', 0, this.#lastLength) : undefined;
  }

  /** Forgets an event that has come in part: another stream begins. Counts, id and reconnection time stay. */
  restart(): void {
    this.#at = Position.Bom;
    this.#matched = 0;
    this.#field = Field.None;
    this.#afterCr = false;
    this.#closeEvent();
  }

  /** Takes the next piece; gives the offset in it behind the last boundary between events, or -1 when it has none. */
  observe(chunk: Buffer): number {
    let boundary = -1;
    const { length } = chunk;
    for (let i = 0; i < length; i++) {
      let byte = chunk[i]!;
      if (this.#afterCr) {
        this.#afterCr = false;
        if (byte === LF) {
          if (!this.#open) boundary = i + 1;
          continue;
        }
      }
      if (this.#at === Position.RestOfLine) {
        while (byte !== LF && byte !== CR && ++i < length) byte = chunk[i]!;
        if (i === length) break;
      }
      if (byte === LF || byte === CR) {
        this.#afterCr = byte === CR;
        this.#endLine();
        if (!this.#open) boundary = i + 1;
      } else this.#take(byte);
    }
    return boundary;
  }

  #take(byte: number): void {
    switch (this.#at) {
      case Position.Bom:
        if (byte === bom[this.#matched]) {
          if (++this.#matched === bom.length) this.#at = Position.LineStart;
        } else if (this.#matched > 0) {
          this.#open = true;
          this.#at = Position.RestOfLine;
        } else this.#startLine(byte);
        return;
      case Position.LineStart:
        this.#startLine(byte);
        return;
      case Position.Name:
        this.#takeName(byte);
        return;
      case Position.AfterColon:
        this.#at = Position.Value;
        if (byte !== SPACE) this.#takeValue(byte);
        return;
      case Position.Value:
        this.#takeValue(byte);
        return;
      case Position.RestOfLine:
        return;
    }
  }

  #startLine(byte: number): void {
    this.#field = Field.None;
    this.#at = Position.RestOfLine;
    if (byte === COLON) return;
    this.#open = true;
    const field = fieldOf[byte] as Field;
    if (field === Field.None || (field === Field.Id && !this.keepsIds)) return;
    this.#field = field;
    this.#at = Position.Name;
    this.#matched = 1;
    this.#named = false;
    // Without a value an id is valid, and empty; a reconnection time is not.
    this.#valid = field === Field.Id;
    this.#lineLength = 0;
    this.#number = 0;
  }

  #takeName(byte: number): void {
    const name = names[this.#field]!;
    if (byte === COLON && this.#matched === name.length) {
      this.#named = true;
      this.#at = this.#field === Field.Data ? Position.RestOfLine : Position.AfterColon;
    } else if (byte === name[this.#matched]) this.#matched++;
    else {
      this.#field = Field.None;
      this.#at = Position.RestOfLine;
    }
  }

  #takeValue(byte: number): void {
    if (this.#field === Field.Id) {
      if (byte === 0) this.#valid = false;
      else this.#keep(byte);
      return;
    }
    const digit = byte - DIGIT_0;
    if (digit < 0 || digit > 9) {
      this.#field = Field.None;
      this.#at = Position.RestOfLine;
      return;
    }
    this.#valid = true;
    this.#number = Math.min(this.#number * 10 + digit, maxRetry);
  }

  #keep(byte: number): void {
    if (this.#lineLength === this.#lineId.length && this.#lineLength < maxId) {
      const grown = Buffer.allocUnsafe(Math.max(32, 2 * this.#lineLength));
      this.#lineId.copy(grown, 0, 0, this.#lineLength);
      this.#lineId = grown;
    }
    // Beyond the end of the buffer a byte is counted, and lost.
    this.#lineId[this.#lineLength++] = byte;
  }

  #endLine(): void {
    const at = this.#at;
    if (at === Position.Bom && this.#matched > 0) this.#open = true;
    else if (at === Position.LineStart || at === Position.Bom) this.#endEvent();
    else this.#endField();
    this.#at = Position.LineStart;
  }

  #endField(): void {
    const field = this.#field;
    if (field === Field.None || !(this.#named || this.#matched === names[field]!.length)) return;
    if (field === Field.Data) this.#hasData = true;
    else if (!this.#valid) return;
    else if (field === Field.Retry) this.retry = this.#number;
    else {
      const spare = this.#eventId;
      this.#eventId = this.#lineId;
      this.#eventLength = this.#lineLength;
      this.#lineId = spare;
      this.#eventHasId = true;
    }
  }

  #endEvent(): void {
    if (this.#hasData) this.events++;
    if (this.#eventHasId) {
      const spare = this.#lastId;
      this.#lastId = this.#eventId;
      this.#lastLength = this.#eventLength;
      this.#eventId = spare;
      this.#hasId = true;
      this.idLost = this.#lastLength > maxId;
    }
    this.#closeEvent();
  }

  #closeEvent(): void {
    this.#open = false;
    this.#hasData = false;
    this.#eventHasId = false;
  }
}
