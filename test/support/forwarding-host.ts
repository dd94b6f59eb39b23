import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import {
  All,
  type CallHandler,
  type CanActivate,
  Controller,
  type ExecutionContext,
  ForbiddenException,
  Get,
  type INestApplication,
  Injectable,
  type NestInterceptor,
  Param,
  ParseIntPipe,
  Post,
  Req,
  Res,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { tap } from 'rxjs';
import {
  type ForwardOptions,
  ForwardTo,
  GatewayModule,
  GatewayService,
  InjectGatewayService,
} from '../../src/index.js';
import { streamSink } from '../../src/logging/sink.js';
import { startBackend, type TestBackend } from './backend.js';
import { request, type RequestOptions, type Response } from './client.js';
import { type Platform, startHostApp } from './host-app.js';

/** Lets through what says who it is, and takes that away. */
@Injectable()
class Known implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string | undefined> }>();
    if (headers['x-user'] === undefined) return false;
    delete headers['x-secret'];
    headers['x-known'] = `is ${headers['x-user']}`;
    return true;
  }
}

/** Notes when handlers are over. */
export class Noting implements NestInterceptor {
  static readonly ended: string[] = [];

  intercept(context: ExecutionContext, next: CallHandler) {
    const response = context.switchToHttp().getResponse<{ header(name: string, value: string): unknown }>();
    response.header('X-Noted', 'yes');
    return next.handle().pipe(tap({ complete: () => Noting.ended.push(context.getHandler().name) }));
  }
}

@Controller()
class Shop {
  constructor(
    private readonly gateway: GatewayService,
    @InjectGatewayService('other') private readonly other: GatewayService,
  ) {}

  @Get('orders/:id')
  @ForwardTo('orders', { headers: { 'X-From': 'shop' } })
  @UseGuards(Known)
  @UseInterceptors(Noting)
  order(@Param('id', ParseIntPipe) id: number): ForwardOptions {
    if (id === 13) throw new ForbiddenException('not that one');
    return { rewrite: `/v2/orders/${id + 1}` };
  }

  @All('raw/:what')
  @ForwardTo('orders')
  raw(): void {}

  @ForwardTo('orders', {}, 'other')
  @Get('named')
  named(): void {}

  @Post('nested')
  async nested(@Req() request: { body: unknown }, @Res() response: ServerResponse): Promise<void> {
    // As `extended` parsers of Express read it.
    if (!('raw' in request)) request.body = { a: { b: '1' } };
    try {
      await this.gateway.forward(request, response, { upstream: 'orders' });
    } catch (error) {
      response.writeHead(418).end(String(error));
    }
  }

  @Get('missing')
  @ForwardTo('ordres')
  missing(): void {}

  @Post('code/:way')
  async code(@Req() request: IncomingMessage, @Res() response: ServerResponse, @Param('way') way: string) {
    if (way === 'routes') await this.gateway.forward(request, response, { rewrite: '/routed' });
    else if (way === 'other') await this.other.forward(request, response, { upstream: 'orders' });
    else await this.gateway.forward(request, response, { upstream: 'orders', rewrite: () => 'no path' });
  }
}

/** What a backend was asked, as text. */
const asked = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
  const hash = createHash('sha256');
  let length = 0;
  for await (const chunk of incoming) {
    hash.update(chunk as Buffer);
    length += (chunk as Buffer).length;
  }
  const fields = Object.fromEntries(
    Object.entries(incoming.headers).filter(([name]) => !/^(x-forwarded|forwarded)/.test(name)),
  );
  response.setHeader('Content-Type', 'application/json');
  response.end(
    JSON.stringify({ url: incoming.url, fields, trailers: incoming.trailers, length, hash: hash.digest('hex') }),
  );
};

/** What a backend says that it was asked. */
export interface Asked {
  readonly url: string;
  readonly fields: Record<string, string>;
  readonly trailers: Record<string, string>;
  readonly length: number;
  readonly hash: string;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Answers of the backend to paths; to all else it says what it was asked. */
export const answers: Record<string, Answer> = {
  '/raw/odd': (_, response) => {
    response.writeEarlyHints({ link: '</a.css>; rel=preload' });
    response.writeHead(299, 'Quite Fine', [
      'X-A',
      '1',
      'x-b',
      '2',
      'X-a',
      '3',
      'Set-Cookie',
      'a=1',
      'Set-Cookie',
      'b=2',
      'Trailer',
      'X-Sum',
      'Date',
      'Mon, 01 Jan 2024 00:00:00 GMT',
    ]);
    response.write('half ');
    response.addTrailers({ 'X-Sum': '7' });
    response.end('whole');
  },
  '/raw/nothing': (_, response) => response.writeHead(204).end(),
  '/raw/broken': (_, response) => {
    response.writeHead(200, { 'Content-Length': '100' });
    response.write('half', () => response.destroy());
  },
  '/raw/waits': () => undefined,
  '/raw/slow': (_, response) => setTimeout(() => response.end('late'), 20),
};

const lines = (text: string): Record<string, unknown>[] =>
  text.split('\n').flatMap(line => (line === '' ? [] : [JSON.parse(line) as Record<string, unknown>]));

/** An application whose handlers forward. */
export interface ForwardingHost {
  readonly port: number;
  readonly app: INestApplication;
  readonly backend: TestBackend;
  readonly log: () => Record<string, unknown>[];
  ask(path: string, options?: RequestOptions): Promise<Response>;
}

/** Starts it, with a backend and no listeners of the gateway's own. */
export async function startForwarding(platform: Platform, options = {}): Promise<ForwardingHost> {
  const backend = await startBackend(
    (incoming, response) => (answers[incoming.url ?? ''] ?? asked)(incoming, response),
    { readBody: false },
  );
  const sink = new PassThrough();
  let text = '';
  sink.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const config = {
    upstreams: { orders: { backends: [backend.url], retries: { attempts: 2 } } },
    routes: [{ name: 'all', match: { path: '/routed' }, upstream: 'orders' }],
    logging: { access: { enabled: true } },
  };
  const quiet = { listeners: false, admin: { listener: false } } as const;
  const { app, port } = await startHostApp(
    platform,
    {
      imports: [
        GatewayModule.forRoot({ config, ...quiet, logSink: streamSink(sink) }),
        GatewayModule.forRoot({ name: 'other', config, ...quiet, logSink: streamSink(new PassThrough().resume()) }),
      ],
      controllers: [Shop],
    },
    { ...options },
    host => {
      const instance = host.getHttpAdapter().getInstance() as {
        addContentTypeParser?: (
          type: string,
          parser: (request: unknown, payload: unknown, done: (error: null) => void) => void,
        ) => void;
      };
      // Fastify refuses types that it has no parser for.
      instance.addContentTypeParser?.('application/octet-stream', (_, __, done) => done(null));
    },
  );
  return { app, port, backend, log: () => lines(text), ask: (path, more = {}) => request(port, { path, ...more }) };
}
