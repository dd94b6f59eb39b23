import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { GatewayError } from '../../http/gateway-error.js';
import { RawHeaders } from '../../fields/raw-headers.js';
import type { TransformedResponse } from './transformer.js';

/** One transformer's part in a body. */
export interface BodyTransform {
  /** Its name in the configuration. */
  readonly name: string;
  /** Bytes of the largest body. */
  readonly limit: number;
  transform(body: Buffer, response: TransformedResponse): Buffer | string | Promise<Buffer | string>;
}

type Decode = (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

/** How a body is decompressed, by the coding's name. */
const decoders: ReadonlyMap<string, Decode> = new Map<string, Decode>([
  ['gzip', promisify(zlib.gunzip) as Decode],
  ['x-gzip', promisify(zlib.gunzip) as Decode],
  ['deflate', promisify(zlib.inflate) as Decode],
  ['br', promisify(zlib.brotliDecompress) as Decode],
  ['zstd', promisify(zlib.zstdDecompress) as Decode],
]);

/** A response whose head waits until its body is whole and transformed. */
export class HeldResponse {
  #pieces: Buffer[] = [];
  #bytes = 0;

  private constructor(
    private readonly head: TransformedResponse,
    /** Its fields; those of the framing are set when the body is known. */
    readonly headers: RawHeaders,
    private readonly steps: readonly BodyTransform[],
    private readonly coding: string,
  ) {}

  /** Holds a response; or says why it cannot be transformed. */
  static of(
    head: TransformedResponse,
    headers: RawHeaders,
    steps: readonly BodyTransform[],
  ): HeldResponse | GatewayError {
    const coding = (RawHeaders.get(headers, 'content-encoding') ?? 'identity').toLowerCase();
    const held = new HeldResponse(head, headers, steps, coding);
    if (coding !== 'identity' && !decoders.has(coding)) return held.#refuse(`the body is coded as ${coding}`);
    return held.#tooLarge(Number(RawHeaders.get(headers, 'content-length') ?? 0)) ?? held;
  }

  /** The status as transformers have set it. */
  get status(): number {
    return this.head.status;
  }

  /** Takes a piece of the body; or says that it is too large. */
  add(piece: Buffer): GatewayError | undefined {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    return this.#tooLarge(this.#bytes);
  }

  /** Its body is whole: gives the one that the client gets, or why there is none. Never rejects. */
  async transformed(): Promise<Buffer | GatewayError> {
    let body = Buffer.concat(this.#pieces);
    this.#pieces = [];
    if (this.coding !== 'identity') {
      try {
        body = (await decoders.get(this.coding)!(body, { maxOutputLength: this.#limit })) as Buffer<ArrayBuffer>;
      } catch (error) {
        return this.#refuse(`the body cannot be decompressed: ${(error as Error).message}`);
      }
      RawHeaders.remove(this.headers, 'content-encoding');
    }
    for (const step of this.steps) {
      try {
        body = Buffer.from(await step.transform(body, this.head));
      } catch (error) {
        return refused(step.name, error instanceof Error ? error.message : String(error));
      }
    }
    RawHeaders.set(this.headers, 'Content-Length', String(body.length));
    return body;
  }

  get #limit(): number {
    return Math.min(...this.steps.map(({ limit }) => limit));
  }

  #tooLarge(bytes: number): GatewayError | undefined {
    const limit = this.#limit;
    if (bytes <= limit) return undefined;
    this.#pieces = [];
    return this.#refuse(`the body is larger than ${limit} bytes`);
  }

  #refuse(why: string): GatewayError {
    return refused(this.steps.map(({ name }) => name).join(', '), why);
  }
}

/** A transformer cannot do its work: the response is not sent without it. */
function refused(name: string, why: string): GatewayError {
  return new GatewayError('INTERNAL', 'The gateway could not handle the request.', `transformer ${name}: ${why}`);
}
