import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { EXCHANGE, type WithExchange } from '../http/exchange-symbol.js';
import type { GatewayError } from '../http/gateway-error.js';
import { firstDenial, type Policed } from './policy.js';

/** Thrown by {@link PolicyGuard}: a policy has denied the request. */
export class Denied extends Error {
  constructor(readonly error: GatewayError) {
    super(error.detail);
  }
}

/** Runs the policies of the exchange; the first denial is thrown as {@link Denied}. */
@Injectable()
export class PolicyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const policed = (request.raw as WithExchange<Policed>)[EXCHANGE];
    if (policed === undefined || policed.policies.length === 0) return true;
    const verdict = firstDenial(policed, policed.policies);
    if (verdict instanceof Promise) return verdict.then(allow);
    return allow(verdict);
  }
}

function allow(denial: GatewayError | undefined): true {
  if (denial !== undefined) throw new Denied(denial);
  return true;
}
