import type { ExecutionContext } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { Denied } from '../denied.js';
import { Answer, type Policed, type RequestPolicy, type Verdict } from '../policy.js';
import { deniedMessage } from '../sockets/denied-message.js';
import { SocketRequest } from '../sockets/socket-request.js';
import { fieldsOf } from './answer-fields.js';
import { verdictOn, verdictOnBody } from './asked-policies.js';
import { ControllerRequest } from './controller-request.js';

/** The parts of a request of a handler's context of type `http`. */
interface HttpRequest {
  /** What passes through the gateway. */
  readonly exchange?: Policed;
}

/**
 * Asks policies about a request of a handler's context, of type `http` or `ws`; rejects with what its sender is to get where it may not pass.
 * `platform`: the instance of the application's HTTP platform.
 */
export async function admit(
  context: ExecutionContext,
  policies: readonly RequestPolicy[],
  platform: unknown,
): Promise<true> {
  const type = context.getType<string>();
  if (type === 'ws') return admitMessage(SocketRequest.of(context.getArgs(), platform), policies);
  if (type !== 'http') throw new Error(`policies guard handlers of HTTP and WebSockets, and this one is of "${type}"`);
  const http = context.switchToHttp();
  const request = http.getRequest<HttpRequest>();
  if (request.exchange !== undefined) return admitExchange(request.exchange, policies);
  return admitRequest(ControllerRequest.of(request, http.getResponse<object>()), policies);
}

async function admitExchange(exchange: Policed, policies: readonly RequestPolicy[]): Promise<true> {
  const looksAtBodies = policies.some(policy => policy.checkBody !== undefined);
  if (looksAtBodies && exchange.hasBody)
    throw new Error(
      'a policy looks at bodies, which the gateway keeps for those of security.policies alone: name it there',
    );
  const verdict = await verdictOn(exchange, policies);
  if (verdict === undefined) return true;
  exchange.settle(verdict);
  throw new Denied(verdict, exchange.id);
}

async function admitRequest(request: ControllerRequest, policies: readonly RequestPolicy[]): Promise<true> {
  const verdict =
    (await verdictOn(request, policies)) ??
    (request.hasBody ? verdictOnBody(request, policies, () => request.exchange.rawBody) : undefined);
  if (verdict === undefined) return true;
  announce(request, verdict);
  throw new Denied(verdict, request.id);
}

async function admitMessage(message: SocketRequest, policies: readonly RequestPolicy[]): Promise<true> {
  message.ask(policies);
  const verdict = (await verdictOn(message, policies)) ?? verdictOnBody(message, policies, () => bytesOf(message.data));
  if (verdict === undefined) {
    message.admit();
    return true;
  }
  message.deny(policies);
  throw await deniedMessage(verdict, message.id);
}

/** The data of a message: as it came where it is binary, else as JSON. */
function bytesOf(data: unknown): Buffer {
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.from(JSON.stringify(data) ?? '');
}

/** Sets the fields of a denial, which stay where a filter of the application writes the body: `Allow`, `Retry-After`, `WWW-Authenticate`. */
function announce({ exchange, id }: ControllerRequest, verdict: NonNullable<Verdict>): void {
  if (verdict instanceof Answer || exchange.response.headersSent) return;
  exchange.setHeader('x-request-id', id);
  exchange.setHeader('x-gateway-error', verdict.code);
  for (const [name, values] of fieldsOf([...verdict.headers])) exchange.setHeader(name, values);
}

/** The instance of the application's HTTP platform. Undefined: it has none. */
export function platformOf({ httpAdapter }: HttpAdapterHost): unknown {
  return (httpAdapter as HttpAdapterHost['httpAdapter'] | undefined)?.getInstance<unknown>();
}
