const headEnd = Buffer.from('\r\n\r\n');

/** Reads answers of HTTP/1.1 with a Content-Length off a connection, one at a time. All else is an error. */
export class AnswerReader {
  #head: Buffer | undefined;
  #missing = 0;
  #isGood = false;
  readonly #bodyBytes: number;

  constructor(bodyBytes: number) {
    this.#bodyBytes = bodyBytes;
  }

  /**
   * Takes what has arrived.
   *
   * @returns undefined while the answer is not whole, then whether it is a 200 with as many bytes as it should have. Bytes
   * behind its end make it a bad one, since nothing else was asked for.
   */
  read(chunk: Buffer): boolean | undefined {
    if (this.#missing > 0) return this.#readBody(chunk.length);
    const bytes = this.#head === undefined ? chunk : Buffer.concat([this.#head, chunk]);
    const end = bytes.indexOf(headEnd);
    if (end < 0) {
      this.#head = bytes;
      return undefined;
    }
    this.#head = undefined;
    const head = bytes.toString('latin1', 0, end);
    const length = Number(/^content-length: *(\d+) *$/im.exec(head)?.[1] ?? Number.NaN);
    this.#isGood = head.startsWith('HTTP/1.1 200 ') && length === this.#bodyBytes;
    if (Number.isNaN(length)) return false;
    this.#missing = length;
    return this.#readBody(bytes.length - end - headEnd.length);
  }

  #readBody(bytes: number): boolean | undefined {
    this.#missing -= bytes;
    if (this.#missing > 0) return undefined;
    const isWhole = this.#missing === 0;
    this.#missing = 0;
    return isWhole && this.#isGood;
  }
}
