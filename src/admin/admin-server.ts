import type { AddressInfo, Socket } from 'node:net';
import { STATUS_CODES } from 'node:http';
import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { openFiles } from '../platform/open-files.js';
import { isCurt, refuse, type AccessRules } from './admin-access.js';
import { PROBLEM_JSON, problemDocument, securityHeaders } from './admin-problem.js';
import type { AdminSources } from './admin-sources.js';
import { AdminModule } from './admin.module.js';
import { BearerToken } from './bearer-token.js';
import { isLoopback } from './loopback.js';

/** How the admin listener is made. */
export interface AdminOptions {
  readonly sources: AdminSources;
  /** What clients must present for everything but `/health*`; undefined or empty: nothing. */
  readonly token?: string | undefined;
  /** Where the application logs. Nest keeps one logger for the whole process, so give the gateway's own; default: leave it as it is. */
  readonly logger?: LoggerService | false;
}

/** The operator's HTTP server: an application and a listener of its own, so that no route of the public side can lead to it. */
export class AdminServer {
  #loopback = true;
  readonly #token: BearerToken | undefined;

  private constructor(
    private readonly adapter: FastifyAdapter,
    private readonly application: NestFastifyApplication,
    token: string | undefined,
  ) {
    this.#token = token === undefined || token === '' ? undefined : new BearerToken(token);
    adapter.getInstance().server.maxConnections = openFiles.admin;
    adapter.getInstance().addHook('onRequest', (request, reply, done) => {
      void reply.headers(securityHeaders);
      const { method, headers, raw, routeOptions } = request;
      const problem = refuse({ method, headers, rawHeaders: raw.rawHeaders, route: routeOptions.url }, this.#rules);
      if (problem === undefined) return done();
      void reply
        .status(problem.status)
        .headers(problem.headers ?? {})
        .type(PROBLEM_JSON)
        .send(problemDocument(problem));
    });
    adapter.getInstance().addHook('onSend', ({ headers, routeOptions }, reply, payload, done) => {
      const isHealth = reply.statusCode === 200 || reply.statusCode === 503;
      const curt = isHealth && isCurt({ headers, route: routeOptions.url }, this.#rules);
      done(null, curt ? curtHealth(payload) : payload);
    });
  }

  get #rules(): AccessRules {
    return { token: this.#token, loopback: this.#loopback };
  }

  /** Builds the application; nothing listens yet. */
  static async create({ sources, token, logger }: AdminOptions): Promise<AdminServer> {
    const adapter = createAdapter();
    const application = await NestFactory.create<NestFastifyApplication>(AdminModule.forGateway(sources), adapter, {
      abortOnError: false,
      ...(logger === undefined ? {} : { logger }),
    });
    const server = new AdminServer(adapter, application, token);
    await application.init();
    return server;
  }

  /** Starts to listen; port 0 takes a free one. Rejects with the system's error, such as `EADDRINUSE`. */
  async listen(port: number, host: string): Promise<AddressInfo> {
    this.#loopback = isLoopback(host);
    await this.adapter.getInstance().listen({ port, host });
    return this.address;
  }

  /** Where it listens. Throws before {@link listen}. */
  get address(): AddressInfo {
    const address = this.adapter.getInstance().server.address();
    if (address === null || typeof address === 'string') throw new Error('The admin server does not listen.');
    return address;
  }

  /** Stops listening and closes what is open. */
  close(): Promise<void> {
    return this.application.close();
  }
}

function createAdapter(): FastifyAdapter {
  return new FastifyAdapter({
    skipMiddie: true,
    forceCloseConnections: true,
    bodyLimit: 1,
    requestTimeout: 10_000,
    keepAliveTimeout: 10_000,
    http: { headersTimeout: 5_000, connectionsCheckingInterval: 1_000, maxHeaderSize: 16_384 },
    clientErrorHandler: answerClientError,
    frameworkErrors: (_error: FastifyError, _request: FastifyRequest, reply: FastifyReply) => {
      const problem = { status: 400, detail: 'The request target is malformed.' };
      void reply.status(problem.status).headers(securityHeaders).type(PROBLEM_JSON).send(problemDocument(problem));
    },
  });
}

/** What is left of a report of Terminus for those who may not read it. */
function curtHealth(payload: unknown): string {
  const { status } = JSON.parse(String(payload)) as { status?: unknown };
  return JSON.stringify({ status });
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
