import type { ClientRequest, IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { Options, Plugin, RequestHandler } from 'http-proxy-middleware';
import { GatewayError } from '../../http/gateway-error.js';
import { optionalPackage } from '../../packages/optional-package.js';
import { leaveUnframed } from '../../platform/bodiless-request.js';
import type { Backend } from '../../upstream/backend.js';
import { RequestBody } from '../client/request-body.js';
import { unwritable } from './attempt-failure.js';
import type { ConnectionWatch } from './backend-agent.js';
import { maxResponseHead, type BackendPools } from './backend-pools.js';
import type { AttemptControl, AttemptObserver, ConnectionFigures, ForwardRequest, Forwarder } from './forwarder.js';
import { Http1Forwarder } from './http1-forwarder.js';
import { NodeAttempt } from './node-attempt.js';
import { addressOf, fieldsOf, sendHead } from './node-request.js';
import { PluginRequest, PluginResponse } from './plugin-messages.js';
import { pluginPipe, type PluginPipe } from './plugin-pipe.js';

/** A plug-in, with the messages that it gets here. */
export type LibraryPlugin = Plugin<PluginRequest, PluginResponse>;

/**
 * The forwarder for upstreams that need http-proxy-middleware's plug-ins; several times the cost of the default. The library
 * makes the request and pipes the body; the response is read by a {@link NodeAttempt}, and plug-ins work on messages
 * that stand for the client's, so that neither they nor the library can answer the client.
 *
 * ```
 * a the router, asked for each request, names backend, connections and body
 * b the library makes a request; its fields are replaced by those of the ForwardRequest
 * c plug-ins see the request and may change it
 * d the head is sent when no plug-in can change it any more; the library pipes the body
 * e plug-ins see the response and may change its head
 * f the attempt reads the response
 * ```
 */
export class HttpProxyMiddlewareForwarder implements Forwarder {
  readonly #library = optionalPackage<typeof import('http-proxy-middleware')>(
    'forwarder: http-proxy-middleware',
    'http-proxy-middleware',
    () => createRequire(import.meta.url)('http-proxy-middleware'),
  );
  #handler: RequestHandler<PluginRequest, PluginResponse> | undefined;
  /** Carries upgrades to protocols that the library does not know. */
  readonly #others: Http1Forwarder;

  /** `plugins` is asked for once, by the first request. */
  constructor(
    private readonly pools: BackendPools,
    private readonly plugins: () => readonly LibraryPlugin[] = () => [],
  ) {
    this.#others = new Http1Forwarder(pools);
  }

  forward(request: ForwardRequest, backend: Backend, observer: AttemptObserver): AttemptControl {
    if (request.upgrade !== undefined) return this.#upgrade(request, request.upgrade, backend, observer);
    const { connectTimeout } = this.pools.settings;
    const response: { view?: PluginResponse } = {};
    const attempt = new NodeAttempt(request, observer, { connectTimeout, onOver: () => response.view?.release() });
    // Node writes methods in upper case, and another one must not reach the backend than the one that was routed.
    if (request.method !== request.method.toUpperCase()) {
      process.nextTick(() => attempt.refuse(unwritable('http-proxy-middleware cannot send a method in lower case')));
      return attempt;
    }
    try {
      const client = new PluginRequest(request, backend, attempt);
      response.view = new PluginResponse(client);
      const handler = (this.#handler ??= this.#create());
      handler(client, response.view, error => {
        if (error !== undefined) attempt.fail(error as Error);
      }).catch((error: unknown) => attempt.fail(error as Error));
    } catch (error) {
      attempt.refuse(failure(error));
    }
    return attempt;
  }

  /** The library knows WebSocket and no other protocol. */
  #upgrade(request: ForwardRequest, protocol: string, backend: Backend, observer: AttemptObserver): AttemptControl {
    if (protocol.toLowerCase() !== 'websocket') return this.#others.forward(request, backend, observer);
    const { connectTimeout } = this.pools.settings;
    const pipe = pluginPipe();
    const attempt = new NodeAttempt(request, observer, { connectTimeout, pipe: pipe.backend });
    try {
      const handler = (this.#handler ??= this.#create());
      handler.upgrade(new PluginRequest(request, backend, attempt, pipe), pipe.client, Buffer.alloc(0));
    } catch (error) {
      attempt.refuse(failure(error));
    }
    return attempt;
  }

  connections(backend: Backend): ConnectionFigures {
    const { active, idle, pending } = this.pools.agentFigures(backend);
    const others = this.#others.connections(backend);
    return { active: active + others.active, idle: idle + others.idle, pending: pending + others.pending };
  }

  retire(backend?: Backend): void {
    this.#others.retire(backend);
  }

  close(): Promise<void> {
    return this.#others.close();
  }

  #create(): RequestHandler<PluginRequest, PluginResponse> {
    const options: Options<PluginRequest, PluginResponse> = {
      // a
      router: ({ attempt, request, backend }, _, own) => {
        own.agent = this.pools.agent(backend, request.ownConnection, request.tie);
        own.secure = this.pools.settings.tls?.verify ?? true;
        // What it passes on to the request.
        const passed: ConnectionWatch = { onConnecting: attempt.onConnecting };
        own.ssl = { maxHeaderSize: maxResponseHead, setHost: false, ...passed };
        if (request.body instanceof RequestBody) own.buffer = request.body;
        return addressOf(backend);
      },
      selfHandleResponse: true,
      // Its own plug-ins log to the console and answer the client.
      ejectPlugins: true,
      plugins: [first, ...this.plugins(), last],
    };
    return this.#library.createProxyMiddleware(options);
  }
}

const failure = (thrown: unknown): GatewayError =>
  new GatewayError('INTERNAL', 'The gateway could not handle the request.', String(thrown));

/** Stands before the plug-ins of users: what they are to find. */
const first: LibraryPlugin = server => {
  const emit = server.emit.bind(server) as (event: string | symbol, ...values: unknown[]) => boolean;
  // What a plug-in throws would end the process: there is no catch above these events.
  const guarded = (event: string | symbol, ...values: unknown[]): boolean => {
    try {
      return emit(event, ...values);
    } catch (error) {
      const client = values.find(value => value instanceof PluginRequest);
      client?.attempt.refuse(failure(error));
      return true;
    }
  };
  server.emit = guarded as typeof server.emit;
  server
    .on('error', (error, client) => client?.attempt.fail(error))
    .on('econnreset', (error, client) => client.attempt.fail(error))
    // b
    .on('proxyReq', (outgoing, client) => prepare(outgoing, client))
    .on('proxyReqWs', (outgoing, client) => prepare(outgoing, client))
    // e
    .on('proxyRes', (incoming, client, response) => response.begin(incoming));
};

/** Stands behind the plug-ins of users: carries on with what they have made of it. */
const last: LibraryPlugin = server => {
  server
    // d
    .on('proxyReq', (outgoing, { attempt, request }) => {
      if (attempt.over) return;
      attempt.watch(outgoing);
      // Without a body the head goes out with the end: only then Node knows that none follows.
      if (request.body instanceof RequestBody) sendHead(outgoing);
    })
    .on('proxyReqWs', (outgoing, { attempt, pluginPipe: pipe }) => {
      if (attempt.over) return;
      attempt.watch(outgoing);
      // An answer without the upgrade: the library would write it into the pipe.
      outgoing.once('response', () => pipe?.client.destroy());
      outgoing.once('upgrade', (_, connection) => connection.once('close', () => process.nextTick(letGo, pipe)));
    })
    .on('proxyRes', (incoming: IncomingMessage, client, response) => response.complete(incoming));
};

/** The library stops reading from the pipe when the connection that it fills has gone, and what is written to it would never end. */
function letGo(pipe: PluginPipe | undefined): void {
  pipe?.client.end().resume();
}

function prepare(outgoing: ClientRequest, { attempt, request }: PluginRequest): void {
  // Given up while it waited for a connection.
  if (attempt.over) {
    outgoing.destroy();
    return;
  }
  try {
    replaceFields(outgoing, request);
  } catch (error) {
    // Node throws for what it cannot write.
    attempt.fail(error as Error);
  }
}

/** Methods that ask for a body: where there is none, `Content-Length: 0` says so (RFC 9110 §8.6). */
const lengthIsAsked: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

function replaceFields(outgoing: ClientRequest, request: ForwardRequest): void {
  for (const name of outgoing.getHeaderNames()) outgoing.removeHeader(name);
  // The library has put a slash before `*`.
  outgoing.path = request.path;
  const fields = fieldsOf(request);
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (outgoing.hasHeader(name)) outgoing.appendHeader(name, fields[i + 1]!);
    else outgoing.setHeader(name, fields[i + 1]!);
  }
  if (request.body === undefined && !lengthIsAsked.has(request.method)) leaveUnframed(outgoing);
}
