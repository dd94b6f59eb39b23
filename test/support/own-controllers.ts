import {
  Body,
  Controller,
  type FactoryProvider,
  ForbiddenException,
  Get,
  Header,
  Headers,
  HttpException,
  Injectable,
  Post,
  Sse,
  UseInterceptors,
} from '@nestjs/common';
import { type Observable, startWith, Subject } from 'rxjs';
import {
  Answer,
  Gateway,
  GatewayError,
  type Identity,
  type PolicyContext,
  RequestIdentity,
  type RequestPolicy,
  SecurityHeadersInterceptor,
  UsePolicies,
  type Verdict,
} from '../../src/index.js';

/** A service of the application. */
@Injectable()
export class Users {
  readonly known = new Set(['ann']);
}

/** Finds the user in `X-User`; asks a service of the application, which takes its time. */
@Injectable()
export class KnownUser implements RequestPolicy {
  constructor(private readonly users: Users) {}

  async check(request: PolicyContext): Promise<Verdict> {
    await Promise.resolve();
    const user = String(request.headers['x-user']);
    request.setResponseHeader('X-Checked', request.clientIp);
    if (!this.users.known.has(user))
      return new GatewayError('DENIED', 'You are not known.', undefined, 401, [
        'WWW-Authenticate',
        'One',
        'WWW-Authenticate',
        'Two',
      ]);
    request.identity = { scheme: 'own', subject: user, claims: {} };
    request.setRequestHeader('X-User');
    request.setRequestHeader('X-Known', `${request.scheme} ${request.host} ${request.path}?${request.query}`);
    return undefined;
  }
}

class NoBadBodies implements RequestPolicy {
  check({ method, identity }: PolicyContext): Verdict {
    if (method === 'GET' && identity?.subject === 'ann')
      return new Answer({ status: 418, headers: ['X-Answer', '1'], body: 'for ann' });
    return undefined;
  }

  checkBody(_: PolicyContext, body: Buffer): Verdict {
    if (body.includes('worse')) throw new HttpException('A worse body.', 422);
    return body.includes('bad') ? new GatewayError('DENIED', 'A bad body.', undefined, 422) : undefined;
  }
}

/** Says no as the query asks it to: returns or throws, at once or later. */
export class Refusing implements RequestPolicy {
  check({ query }: PolicyContext): Verdict | Promise<Verdict> {
    const refusal = new GatewayError('DENIED', 'Come later.', undefined, 429, ['Retry-After', '7']);
    switch (query?.split('&').at(-1)) {
      case 'returns':
        return refusal;
      case 'throws':
        // oxlint-disable-next-line typescript/only-throw-error -- a policy may.
        throw refusal;
      case 'rejects':
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- a policy may.
        return Promise.reject(refusal);
      case 'http':
        throw new HttpException('Come later.', 429);
      case 'fault':
        throw new TypeError('a fault');
      default:
        return undefined;
    }
  }
}

@Controller('own')
@UsePolicies(KnownUser)
export class Own {
  @Get()
  seen(@Headers() headers: Record<string, string>, @RequestIdentity() identity: Identity): unknown {
    return { user: headers['x-user'], known: headers['x-known'], identity };
  }

  @Get('both')
  @UsePolicies(new NoBadBodies())
  both(): string {
    return 'not for ann';
  }

  @Post('body')
  @UsePolicies(new NoBadBodies())
  body(@Body() body: unknown): unknown {
    return body;
  }
}

@Controller('refusing')
@UsePolicies(Refusing)
export class RefusingController {
  @Get()
  get(): string {
    return 'ok';
  }
}

/** Policies of a gateway's configuration: what the token stands for is for the test to say. */
export const VALIDATED = Symbol('validated');
export const LIMITED = Symbol('limited');

/** The policies that a gateway in the application makes of a `security` block. */
export const policiesBy = (token: symbol, security: object): FactoryProvider => ({
  provide: token,
  inject: [Gateway],
  useFactory: (gateway: Gateway) => gateway.policies(security),
});

@Controller('validated')
@UsePolicies(VALIDATED)
export class Validated {
  @Get()
  get(): string {
    return 'ok';
  }

  @Post()
  post(): string {
    return 'posted';
  }
}

/** Answers when the test says so. */
@Controller('held')
@UsePolicies(LIMITED)
export class Held {
  static readonly waiting: (() => void)[] = [];

  @Get()
  get(): Promise<string> {
    return new Promise(resolve => Held.waiting.push(() => resolve('ok')));
  }

  @Sse('events')
  events(): Observable<string> {
    return new Subject<string>().pipe(startWith('first'));
  }

  @Get('broken')
  broken(): string {
    throw new ForbiddenException();
  }
}

@Controller('headers')
@UseInterceptors(SecurityHeadersInterceptor)
export class WithHeaders {
  @Get()
  plain(): string {
    return 'ok';
  }

  @Get('framed')
  @Header('X-Frame-Options', 'SAMEORIGIN')
  framed(): string {
    return 'framed';
  }

  @Get('denied')
  denied(): string {
    throw new ForbiddenException();
  }
}

/** A controller without any policies of its own. */
@Controller('bare')
export class Bare {
  @Get()
  get(): string {
    return 'ok';
  }
}
