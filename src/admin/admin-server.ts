import { createRequire } from 'node:module';
import type { AddressInfo, Socket } from 'node:net';
import { STATUS_CODES } from 'node:http';
import { HttpException, Inject, Injectable, Logger, Optional } from '@nestjs/common';
import { ExternalContextCreator } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isLoopback } from '../addresses/loopback.js';
import { HealthController } from '../health/health.controller.js';
import { TERMINUS } from '../health/terminus.js';
import { ifInstalled, MissingPackageError, optionalPackage } from '../packages/optional-package.js';
import { openFiles } from '../platform/open-files.js';
import { showsStatusOnly, refuse, type AccessRules } from './admin-access.js';
import { nothingThere, PROBLEM_JSON, problemDocument, securityHeaders, type AdminProblem } from './admin-problem.js';
import { ADMIN_SOURCES, ADMIN_TOKEN, type AdminSources } from './admin-sources.js';
import { Audit, type AuditedRequest } from './audit.js';
import { BearerToken } from './bearer-token.js';
import { dashboardPaths, mountDashboard } from './dashboard/dashboard.js';
import { HandoverController } from './handover.controller.js';
import { MetricsController } from './metrics.controller.js';
import { BackendsController } from './backends.controller.js';
import { mountController, type MountedRoute } from './mounted-controller.js';
import { PathPatterns } from './path-patterns.js';
import { ExplainController, ExplanationsController } from './explain.controller.js';
import { OpenApiController } from './openapi/openapi.controller.js';
import { wrong } from './query.js';
import { ReloadController } from './reload.controller.js';
import { RoutesController } from './routes.controller.js';
import { FeedsController } from './feeds/feeds.controller.js';
import { StatusController } from './status.controller.js';
import { UpstreamsController } from './upstreams.controller.js';

/**
 * The operator's HTTP server: a separate Fastify instance, so that no route of the public side can lead to it. Nothing listens
 * before {@link listen}.
 */
@Injectable()
export class AdminServer {
  #loopback = true;
  readonly #token: BearerToken | undefined;
  /** Undefined where a package is missing, which {@link listen} says. */
  readonly #fastify: FastifyInstance | undefined;
  readonly #missing: readonly string[];
  readonly #actions = new Set<string>();
  readonly #paths = new PathPatterns();
  /** All routes of the API. */
  readonly mounted: MountedRoute[] = [];

  constructor(
    contexts: ExternalContextCreator,
    health: HealthController,
    metrics: MetricsController,
    reload: ReloadController,
    routes: RoutesController,
    status: StatusController,
    feeds: FeedsController,
    openApi: OpenApiController,
    upstreams: UpstreamsController,
    backends: BackendsController,
    handover: HandoverController,
    explain: ExplainController,
    explanations: ExplanationsController,
    @Inject(ADMIN_SOURCES) sources: AdminSources,
    @Optional() @Inject(ADMIN_TOKEN) token?: string,
  ) {
    const audit = new Audit(sources.log);
    this.#token = token === undefined || token === '' ? undefined : new BearerToken(token);
    const adapter = ifInstalled(createAdapter);
    this.#missing = [...(adapter === undefined ? [PLATFORM] : []), ...(health.canCheck ? [] : [TERMINUS])];
    if (adapter === undefined || this.#missing.length > 0) return;
    const fastify: FastifyInstance = adapter.getInstance();
    this.#fastify = fastify;
    fastify.server.maxConnections = openFiles.admin;
    takeJson(fastify);
    fastify.setErrorHandler(answerError).setNotFoundHandler((_, reply) => void answer(reply, nothingThere));
    fastify.addHook('onRequest', (request, reply, done) => {
      if (!mayWait(reply)) return;
      void reply.headers(securityHeaders);
      const { method, headers, raw, routeOptions, url } = request;
      const route = routeOptions.url ?? this.#paths.find(url);
      const problem = refuse({ method, headers, rawHeaders: raw.rawHeaders, route }, this.#rules);
      if (problem === undefined) return done();
      void answer(reply.headers(problem.headers ?? {}), problem);
    });
    fastify.addHook('onSend', (request, reply, payload, done) => {
      const { headers, routeOptions } = request;
      const { url = '' } = routeOptions;
      // A question changes nothing, and may hold secrets.
      if (request.method === 'POST' && this.#actions.has(url) && !questions.has(url))
        audit.note(this.#audited(request, reply, payload));
      const isHealth = reply.statusCode === 200 || reply.statusCode === 503;
      const statusOnly = isHealth && showsStatusOnly({ headers, route: routeOptions.url }, this.#rules);
      done(null, statusOnly ? statusOf(payload) : payload);
    });
    for (const controller of [
      health,
      metrics,
      reload,
      routes,
      status,
      feeds,
      openApi,
      upstreams,
      backends,
      handover,
      explain,
      explanations,
    ])
      this.mounted.push(...mountController(fastify, controller, contexts, questions));
    mountDashboard(fastify, sources.dashboard, (reply, isBuilt) => answer(reply, isBuilt ? nothingThere : notBuilt));
    for (const { method, url } of this.mounted) {
      this.#paths.add(url);
      if (method === 'POST') this.#actions.add(url);
    }
    for (const path of Object.values(dashboardPaths)) this.#paths.add(path);
  }

  get #rules(): AccessRules {
    return { token: this.#token, loopback: this.#loopback, actions: this.#actions };
  }

  #audited(request: FastifyRequest, reply: FastifyReply, payload: unknown): AuditedRequest {
    const { body, headers, ip, params, query, routeOptions } = request;
    const { backend, upstream } = params as { readonly backend?: string; readonly upstream?: string };
    return {
      action: routeOptions.url!.split(':backend/').at(-1)!.replace(/^\//, ''),
      upstream,
      backend,
      by: ip,
      authenticated: this.#token?.isIn(headers.authorization),
      values: knownValues({ ...(query as object), ...(body as object | null | undefined) }),
      status: reply.statusCode,
      result: resultOf(payload),
    };
  }

  /**
   * Starts to listen; port 0 takes a free one. Rejects with the system's error, such as `EADDRINUSE`, and with a {@link MissingPackageError} that names all
   * packages that it would need.
   */
  async listen(port: number, host: string): Promise<AddressInfo> {
    if (this.#fastify === undefined) throw new MissingPackageError('it', ...this.#missing);
    this.#loopback = isLoopback(host);
    await this.#fastify.listen({ port, host });
    return this.address;
  }

  /** The address of the listening socket. Throws before {@link listen}. */
  get address(): AddressInfo {
    const address = this.#fastify?.server.address();
    if (address === null || address === undefined || typeof address === 'string')
      throw new Error('The admin server does not listen.');
    return address;
  }

  /** Stops listening and closes what is open. */
  async close(): Promise<void> {
    await this.#fastify?.close();
  }
}

const PLATFORM = '@nestjs/platform-fastify';

function createAdapter(): FastifyAdapter {
  const platform = optionalPackage<typeof import('@nestjs/platform-fastify')>('the admin listener', PLATFORM, () =>
    createRequire(import.meta.url)('@nestjs/platform-fastify'),
  );
  return new platform.FastifyAdapter({
    skipMiddie: true,
    forceCloseConnections: true,
    bodyLimit: 4_096,
    // Ids of backends are paths of sockets, percent-encoded.
    routerOptions: { maxParamLength: 1_024 },
    requestTimeout: 10_000,
    keepAliveTimeout: 10_000,
    http: { headersTimeout: 5_000, connectionsCheckingInterval: 1_000, maxHeaderSize: 16_384 },
    clientErrorHandler: answerClientError,
    frameworkErrors: (_error: FastifyError, _request: FastifyRequest, reply: FastifyReply) => {
      const problem = { status: 400, detail: 'The request target is malformed.' };
      void answer(reply.headers(securityHeaders), problem);
    },
  });
}

/** Answers that may wait for their client on one connection: it could ask for any number of them, and read none. */
const mostWaiting = 16;
const waiting = new WeakMap<Socket, number>();

/** Counts an answer until it has been sent. False: too many wait for this client, and its connection has ended. */
function mayWait({ raw, request }: FastifyReply): boolean {
  const { socket } = request;
  const count = (waiting.get(socket) ?? 0) + 1;
  if (count > mostWaiting) {
    socket.destroy();
    return false;
  }
  waiting.set(socket, count);
  raw.once('close', () => waiting.set(socket, waiting.get(socket)! - 1));
  return true;
}

/** What is asked by POST and changes nothing; with the bytes of the largest question. */
const questions: ReadonlyMap<string, number> = new Map([['/explain', 64 * 1024]]);

/** Bodies are JSON, and nothing else: also, no form of a page can send one. */
function takeJson(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'string' }, (_, body, done) => {
    try {
      done(null, body === '' ? undefined : JSON.parse(String(body)));
    } catch {
      done(wrong('The body is not valid JSON.'));
    }
  });
  fastify.addContentTypeParser('*', (_, payload, done) => {
    payload.resume();
    done(wrong('The body must be JSON, with Content-Type: application/json.'));
  });
}

const notBuilt: AdminProblem = { status: 404, detail: 'The dashboard is not built: npm run build does that.' };
const logger = new Logger('Admin');

/** Answers an error; a failed health check keeps the body of Terminus. */
function answerError(error: unknown, _: FastifyRequest, reply: FastifyReply): FastifyReply {
  const status = error instanceof HttpException ? error.getStatus() : ((error as FastifyError).statusCode ?? 500);
  if (status === 500) logger.error(error);
  const said = error instanceof HttpException ? (error.getResponse() as Partial<AdminProblem>) : {};
  if (said.detail !== undefined) return answer(reply, { ...said, status, detail: said.detail });
  if (error instanceof HttpException && status === 503) return reply.status(503).send(said);
  if (status === 413) return answer(reply, { status, detail: 'The body is too large.' });
  return answer(reply, status === 404 ? nothingThere : { status, detail: 'The request could not be answered.' });
}

function answer(reply: FastifyReply, problem: AdminProblem): FastifyReply {
  return reply.status(problem.status).type(PROBLEM_JSON).send(problemDocument(problem));
}

/** Reduces a report of Terminus to its status, for clients that may not read the details. */
function statusOf(payload: unknown): string {
  const { status } = JSON.parse(String(payload)) as { status?: unknown };
  return JSON.stringify({ status });
}

function knownValues(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const known = ['for', 'weight'].filter(name => Object.hasOwn(values, name));
  return Object.fromEntries(known.map(name => [name, String(values[name]).slice(0, 100)]));
}

/** What an answer says in words. */
function resultOf(payload: unknown): readonly string[] {
  const {
    changes,
    detail,
    problems = [],
  } = JSON.parse(String(payload)) as {
    readonly changes?: readonly string[];
    readonly detail?: string;
    readonly problems?: readonly string[];
  };
  return changes ?? [...(detail === undefined ? [] : [detail]), ...problems];
}

const clientErrors: Readonly<Record<string, { status: number; detail: string }>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, detail: 'The request did not arrive in time.' },
  HPE_HEADER_OVERFLOW: { status: 431, detail: 'The request head is too large.' },
};

function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = clientErrors[error.code ?? ''] ?? { status: 400, detail: 'This is not a valid HTTP request.' };
  const body = problemDocument(problem);
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\nContent-Type: ${PROBLEM_JSON}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
