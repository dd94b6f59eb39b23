import { IncomingMessage, ServerResponse } from 'node:http';
import { RawHeaders } from '../../fields/raw-headers.js';
import { pluginSocket } from '../../platform/plugin-socket.js';
import type { Backend } from '../../upstream/backend.js';
import { RequestBody } from '../client/request-body.js';
import type { ForwardRequest } from './forwarder.js';
import type { NodeAttempt } from './node-attempt.js';
import type { PluginPipe } from './plugin-pipe.js';

/**
 * What http-proxy-middleware and its plug-ins take for the client's request: its method, fields and addresses, and the
 * path as it is forwarded. Without a body: that is streamed beside it, or stands in here when it is held whole.
 */
export class PluginRequest extends IncomingMessage {
  constructor(
    readonly request: ForwardRequest,
    readonly backend: Backend,
    readonly attempt: NodeAttempt,
    /** Of an upgrade only. */
    readonly pluginPipe?: PluginPipe,
  ) {
    const client = request.message;
    super(pluginSocket(client?.socket, pluginPipe !== undefined));
    this.method = request.method;
    this.url = request.path;
    this.httpVersion = client?.httpVersion ?? '1.1';
    [this.httpVersionMajor = 1, this.httpVersionMinor = 1] = this.httpVersion.split('.').map(Number);
    this.rawHeaders = client?.rawHeaders ?? [];
    // Inherited and not own: plug-ins can read the fields, and the library, which copies own ones, passes none of them on.
    this.headers = Object.create(client?.headers ?? null) as IncomingMessage['headers'];
    // The library looks for it before it does anything.
    if (request.upgrade !== undefined) this.headers.upgrade = request.upgrade;
    if (request.body instanceof RequestBody) return;
    if (request.body !== undefined) this.push(request.body);
    this.push(null);
    this.complete = true;
  }
}

/**
 * What plug-ins take for the client's response. Nothing that is written to it reaches the client; fields that are set on
 * it, and changes to the head of the backend's response, do.
 */
export class PluginResponse extends ServerResponse<PluginRequest> {
  #status: number | undefined;
  #fields: IncomingMessage['headers'] = {};

  /** Keeps what the backend said, to know later what plug-ins have changed. */
  begin({ headers }: IncomingMessage): void {
    this.#fields = { ...headers };
    const cookies = headers['set-cookie'];
    if (cookies !== undefined) this.#fields['set-cookie'] = [...cookies];
    this.#status = this.statusCode;
  }

  /** Writes what plug-ins have changed into the fields of the backend's response. */
  complete(response: IncomingMessage): void {
    if (this.statusCode !== this.#status) response.statusCode = this.statusCode;
    const changed = new Map<string, [string, string | readonly string[] | undefined]>();
    const now = response.headers;
    for (const name of new Set([...Object.keys(now), ...Object.keys(this.#fields)])) {
      if (!same(now[name], this.#fields[name])) changed.set(name, [name, now[name]]);
    }
    for (const name of this.getHeaderNames()) {
      const value = this.getHeader(name);
      changed.set(name, [name, typeof value === 'number' ? String(value) : value]);
    }
    // The body is passed on as it came, so its framing is not theirs to change.
    for (const name of ['content-length', 'transfer-encoding', 'connection']) changed.delete(name);
    if (changed.size > 0) response.rawHeaders = merged(response.rawHeaders, changed);
  }

  /** Lets go of what the library still holds of the exchange. */
  release(): void {
    this.emit('close');
  }
}

function same(one: string | readonly string[] | undefined, other: string | readonly string[] | undefined): boolean {
  if (one === other) return true;
  return (
    Array.isArray(one) &&
    Array.isArray(other) &&
    one.length === other.length &&
    one.every((value, index) => value === other[index])
  );
}

function merged(
  raw: readonly string[],
  changed: ReadonlyMap<string, [string, string | readonly string[] | undefined]>,
): string[] {
  const fields = [...raw];
  RawHeaders.removeAll(fields, changed);
  for (const [name, value] of changed.values()) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? (value as readonly string[]) : [value as string]) fields.push(name, one);
  }
  return fields;
}
