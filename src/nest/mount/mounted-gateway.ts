import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpServer } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { StartError } from '../../listeners/start-error.js';
import { parseOnlyWhere, type ExpressRouter } from '../../platform/express-router.js';
import { socketPathsOf } from '../../platform/nest-metadata.js';
import type { Entrance } from '../../proxy/entrance.js';
import type { Exchanges } from '../../proxy/exchanges.js';
import type { HostedExchanges, HostedRequest } from '../../proxy/hosted-exchanges.js';
import type { Upgrades } from '../../proxy/upgrades.js';
import { platformExchange } from '../../security/controllers/exchange-on-platform.js';
import type { FastifyReply, FastifyRequest } from '../../security/controllers/fastify-exchange.js';
import { passRequestEdits, passResponseFields } from '../forwarding/application-edits.js';
import { bodyAgain } from '../forwarding/body-again.js';
import { isBelow, type MountPath, pathOf } from './mount-path.js';
import { UpgradedConnection } from './upgraded-connection.js';

/** What logs, metrics and `match.listeners` call requests on the application's own port. */
const listener = 'mounted';

/** The parts of the gateway that requests go through. */
export interface MountedParts {
  readonly entrance: Entrance;
  readonly exchanges: Exchanges;
  readonly hosted: HostedExchanges;
  readonly upgrades: Upgrades;
}

/** The parts of Fastify that are used. */
interface FastifyInstance {
  register(plugin: (scope: FastifyInstance, options: unknown, done: () => void) => void): unknown;
  removeAllContentTypeParsers(): void;
  addContentTypeParser(
    type: string,
    parser: (request: unknown, body: unknown, done: (error: null) => void) => void,
  ): void;
  all(
    path: string,
    handler: (request: FastifyRequest, reply: FastifyReply & { callNotFound(): void }) => void,
  ): unknown;
}

type UpgradeListener = (this: Server, request: IncomingMessage, socket: Socket, head: Buffer) => void;

function ignore(): void {}

/** A gateway on the port of its application: takes what no route of the application does. */
export class MountedGateway {
  constructor(
    private readonly path: MountPath,
    private readonly parts: MountedParts,
  ) {}

  /**
   * Takes requests from now on. To be called when the application's own routes stand, and before its answers to what has none.
   * @throws StartError on a platform that is neither Express nor Fastify
   */
  takeRequests(adapter: HttpServer): void {
    const type = adapter.getType();
    const instance: unknown = adapter.getInstance();
    if (type === 'express') this.#onExpress(instance as ExpressRouter);
    else if (type === 'fastify') this.#onFastify(instance as FastifyInstance);
    else throw new StartError(`mount: the gateway can stand on Express and Fastify, and not on "${type}"`);
  }

  /** Takes upgrades from now on, before all that listens for them now: those on paths of the application's own WebSocket gateways go there. */
  takeUpgrades(server: Server, modules: ModulesContainer): void {
    const own = socketPathsOf(modules);
    const others = server.listeners('upgrade') as UpgradeListener[];
    server.removeAllListeners('upgrade');
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      const url = request.url ?? '/';
      const path = pathOf(url);
      const isOwn = own.some(each => path === each || (each !== '/' && isBelow(path, each)));
      const target = isOwn ? undefined : this.path.targetOf(url);
      if (target !== undefined) this.#upgrade(request, socket, head, target);
      else if (others.length > 0) for (const each of others) each.call(server, request, socket, head);
      else asRequest(server, request, socket);
    });
  }

  #onExpress(router: ExpressRouter): void {
    // What streams must not be read before, nor be refused for its size.
    parseOnlyWhere(router, (request, isRouted) => this.path.targetOf(request.url ?? '/') === undefined || isRouted());
    router.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
      const target = this.path.targetOf(request.url ?? '/');
      if (target === undefined) next();
      else this.#take(request, response, target);
    });
  }

  #onFastify(fastify: FastifyInstance): void {
    const { prefix } = this.path;
    void fastify.register((scope, _, done) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (_request, _body, parsed) => parsed(null));
      for (const path of prefix === '' ? ['/*'] : [prefix, `${prefix}/*`]) {
        scope.all(path, (request, reply) => {
          const target = this.path.targetOf(request.originalUrl);
          if (target === undefined) reply.callNotFound();
          else this.#take(request, reply, target);
        });
      }
      done();
    });
  }

  #take(request: object, response: object, target: string): void {
    const platform = platformExchange(request, response);
    const raw = platform.raw as IncomingMessage;
    const reply = 'hijack' in response ? (response as FastifyReply) : undefined;
    const body = bodyAgain(raw, { rawBody: platform.rawBody, parsed: (request as FastifyRequest).body });
    reply?.hijack();
    const answer = platform.response as ServerResponse;
    const exchange = this.parts.hosted.begin({ request: raw, response: answer, listener, target, body }, opened => {
      passRequestEdits(raw, opened);
      if (body !== undefined && reply === undefined) opened.setRequestHeader('content-encoding');
      passResponseFields(platform, response, opened);
    });
    if (!exchange.isDecided) this.parts.entrance.enter(exchange);
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer, target: string): void {
    const { entrance, exchanges, hosted, upgrades } = this.parts;
    const response = responseOn(request, socket);
    const connection = new UpgradedConnection(socket, head, response);
    const asked: HostedRequest = { request, response, listener, target };
    const exchange = hosted.begin(asked, opened => passRequestEdits(request, opened));
    if (exchange.isDecided) return;
    const protocol = exchanges.upgradeOf(exchange);
    if (protocol === undefined) entrance.enter(exchange);
    else upgrades.take(exchange, protocol, connection);
  }
}

/** Serves a request whose offer of another protocol is not taken, as the server does where nothing listens for upgrades. */
function asRequest(server: Server, request: IncomingMessage, socket: Socket): void {
  socket.on('error', ignore);
  const { 'content-length': length = '0', 'transfer-encoding': coding } = request.headers;
  const response = responseOn(request, socket);
  if (coding === undefined && length === '0') server.emit('request', request, response);
  else response.writeHead(501).end();
}

/** A response on the connection of an upgrade, which ends with it. */
function responseOn(request: IncomingMessage, socket: Socket): ServerResponse {
  const response = new ServerResponse(request);
  response.assignSocket(socket);
  response.shouldKeepAlive = false;
  response.once('finish', () => socket.destroySoon());
  return response;
}
