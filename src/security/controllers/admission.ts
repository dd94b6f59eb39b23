import type { ExecutionContext } from '@nestjs/common';
import { Denied } from '../denied.js';
import { Answer, type Policed, type RequestPolicy, type Verdict } from '../policy.js';
import { fieldsOf } from './answer-fields.js';
import { verdictOn, verdictOnBody } from './asked-policies.js';
import { ControllerRequest } from './controller-request.js';

/** The parts of a request of a handler's context of type `http`. */
interface HttpRequest {
  /** What passes through the gateway. */
  readonly exchange?: Policed;
}

/** Asks policies about a request of a handler's context; rejects with what the handler's caller is to get where it may not pass. */
export async function admit(context: ExecutionContext, policies: readonly RequestPolicy[]): Promise<true> {
  const type = context.getType<string>();
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
    (request.hasBody ? verdictOnBody(request, policies, request.exchange.rawBody) : undefined);
  if (verdict === undefined) return true;
  announce(request, verdict);
  throw new Denied(verdict, request.id);
}

/** Sets the fields that hold whatever filter of the application writes the body: `Allow`, `Retry-After`, `WWW-Authenticate`. */
function announce({ exchange }: ControllerRequest, verdict: NonNullable<Verdict>): void {
  if (verdict instanceof Answer || exchange.response.headersSent) return;
  for (const [name, values] of fieldsOf([...verdict.headers])) exchange.setHeader(name, values);
}
