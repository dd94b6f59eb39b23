import { HttpException, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Answer, firstVerdict, type Policed, type Verdict } from './policy.js';

/** Thrown by guards that ask policies when a policy has denied the request or answers it itself. */
export class Denied extends HttpException {
  constructor(readonly verdict: NonNullable<Verdict>) {
    const isAnswer = verdict instanceof Answer;
    super(isAnswer ? 'answered by a policy' : verdict.detail, isAnswer ? verdict.response.status : verdict.status);
  }
}

/** Asks the policies of an exchange's route; the first verdict settles the exchange, and is thrown as {@link Denied}. */
@Injectable()
export class PolicyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const { exchange } = context.switchToHttp().getRequest<{ exchange?: Policed }>();
    if (exchange === undefined || exchange.policies.length === 0) return true;
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
  throw new Denied(verdict);
}
