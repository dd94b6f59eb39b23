import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Denied } from './denied.js';
import { firstVerdict, type Policed, type Verdict } from './policy.js';

/** Asks the policies of an exchange's route; the first verdict settles the exchange, and is thrown as {@link Denied}. */
@Injectable()
export class ExchangeGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const { exchange } = context.switchToHttp().getRequest<{ readonly exchange: Policed }>();
    if (exchange.policies.length === 0) return true;
    const verdict = this.ask(exchange);
    return verdict instanceof Promise ? verdict.then(first => allow(exchange, first)) : allow(exchange, verdict);
  }

  /** The first verdict of the policies; a promise only when one of them returns a promise. */
  ask(exchange: Policed): Verdict | Promise<Verdict> {
    return firstVerdict(exchange, exchange.policies);
  }
}

function allow(exchange: Policed, verdict: Verdict): true {
  if (verdict === undefined) return true;
  exchange.settle(verdict);
  throw new Denied(verdict, exchange.id);
}
