import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { EXCHANGE, type WithExchange } from '../http/exchange-symbol.js';
import { firstVerdict, type Policed, type Verdict } from './policy.js';

/** Thrown by {@link PolicyGuard}: a policy has denied the request, or answers it itself. */
export class Denied extends Error {
  constructor(readonly verdict: NonNullable<Verdict>) {
    super('detail' in verdict ? verdict.detail : 'answered by a policy');
  }
}

/** Runs the policies of the exchange; the first verdict is thrown as {@link Denied}. */
@Injectable()
export class PolicyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const policed = (request.raw as WithExchange<Policed>)[EXCHANGE];
    if (policed === undefined || policed.policies.length === 0) return true;
    const verdict = firstVerdict(policed, policed.policies);
    if (verdict instanceof Promise) return verdict.then(allow);
    return allow(verdict);
  }
}

function allow(verdict: Verdict): true {
  if (verdict !== undefined) throw new Denied(verdict);
  return true;
}
