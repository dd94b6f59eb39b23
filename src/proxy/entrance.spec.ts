import {
  type CanActivate,
  Catch,
  type ExceptionFilter,
  type ExecutionContext,
  ForbiddenException,
  Injectable,
  Scope,
  type CallHandler,
  type NestInterceptor,
  type Provider,
  type ArgumentsHost,
  Logger,
  UseGuards,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, ApplicationConfig } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { of } from 'rxjs';
import { codeOf, roadTo, type OpenRequest, type Road } from '../../test/support/road-scene.js';
import { closeLater } from '../../test/support/cleanup.js';
import { GatewayError } from '../http/gateway-error.js';
import { DeniedFilter } from '../security/controllers/denied.filter.js';
import { ExchangeGuard } from '../security/exchange.guard.js';
import type { RequestPolicy } from '../security/policy.js';
import { Entrance, type ExchangeController } from './entrance.js';
import type { ExchangeRequest } from './exchange-request.js';
import type { ExchangeResponse } from './exchange-response.js';

/** A controller that keeps the paths of what it is given, and answers 200. */
@Injectable()
@UseGuards(ExchangeGuard)
class Kept implements ExchangeController {
  readonly paths: string[] = [];
  wrong: Error | undefined;

  handle({ exchange }: Pick<ExchangeRequest, 'exchange'>): Promise<void> | undefined {
    this.paths.push(exchange.path);
    if (this.wrong !== undefined) throw this.wrong;
    exchange.times.dispatchedAt = 1;
    exchange.respond({ status: 200, headers: [], body: 'controller' });
    exchange.response?.close();
    return exchange.response?.over;
  }
}

@Injectable()
class Requests extends Kept {}
@Injectable()
class Events extends Kept {}
@Injectable()
class Upgrades extends Kept {}
const kept = [Requests, Events, Upgrades];

@Injectable()
class Denies implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<ExchangeRequest>();
    if (request.path === '/denied') throw new ForbiddenException('not you');
    return request.path !== '/false';
  }
}

/** An open entrance with these providers, one controller for each kind, and a road to open exchanges with. */
async function entrance(providers: Provider[] = [], policy?: RequestPolicy) {
  const module = await Test.createTestingModule({
    providers: [Entrance, ExchangeGuard, ...kept, ...providers],
  }).compile();
  closeLater(() => module.close());
  const sut = module.get(Entrance);
  const controllers = { requests: module.get(Requests), events: module.get(Events), upgrades: module.get(Upgrades) };
  sut.open(controllers);
  const sources = policy === undefined ? [] : [{ policies: () => [{ stage: 'custom' as const, policy }] }];
  const road = await roadTo(['a'], {}, {}, sources);
  const enter = (path = '/', change: (request: OpenRequest) => void = () => {}): OpenRequest => {
    const request = road.open({ path });
    change(request);
    sut.enter(request.exchange);
    return request;
  };
  return { module, sut, ...controllers, enter, road };
}

const turn = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 0));

afterEach(() => vi.restoreAllMocks());

describe('the entrance, where nothing stands before the controllers', () => {
  it('is a direct call: answered before enter returns, and nothing is made for guards', async () => {
    const { enter, requests } = await entrance();
    const { answer, exchange } = enter('/a');
    expect([answer.told, requests.paths, exchange.response]).toEqual([['200', 'controller', 'end'], ['/a'], undefined]);
  });

  it('stays one beside the filter for what policies have denied, which is not needed here', async () => {
    const { enter } = await entrance([{ provide: APP_FILTER, useClass: DeniedFilter }]);
    const { answer, exchange } = enter('/a');
    expect([answer.told[0], exchange.response]).toEqual(['200', undefined]);
  });

  it('leads requests, event streams and upgrades each to their controller', async () => {
    const { enter, road, sut, requests, events, upgrades } = await entrance();
    enter('/r');
    enter('/u', ({ exchange }) => (exchange.upgrade = {} as NonNullable<typeof exchange.upgrade>));
    sut.enter(road.open({ path: '/e', fields: ['Accept', 'text/event-stream'] }).exchange);
    expect([requests.paths, events.paths, upgrades.paths]).toEqual([['/r'], ['/e'], ['/u']]);
  });

  it('asks the policies at once, and waits only for one that gives a promise', async () => {
    const no = new GatewayError('DENIED', 'no', undefined, 401);
    const verdicts: Record<string, ReturnType<RequestPolicy['check']>> = {
      '/no': no,
      '/later-no': Promise.resolve(no),
      '/later': Promise.resolve(undefined),
      '/broken': Promise.reject(new Error('broken policy')),
    };
    vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    const { enter, requests } = await entrance([], { check: ({ path }) => verdicts[path] });
    expect([enter('/no').answer.told[0], enter('/').answer.told[0]]).toEqual(['401', '200']);
    const [laterNo, later, broken] = ['/later-no', '/later', '/broken'].map(path => enter(path));
    expect(laterNo!.answer.told).toEqual([]);
    await turn();
    expect([laterNo, later, broken].map(each => each!.answer.told[0])).toEqual(['401', '200', '500']);
    expect(requests.paths).toEqual(['/', '/later']);
  });

  it('ends an exchange with 500 where its controller or a policy throws', async () => {
    const log = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    const { enter, requests } = await entrance();
    requests.wrong = new TypeError('oops');
    const request = enter();
    expect([codeOf(request), request.answer.told[0], request.exchange.errorReason]).toEqual([
      'INTERNAL',
      '500',
      'TypeError: oops',
    ]);
    expect(log).toHaveBeenCalled();
  });

  it('refuses everything before it is open', async () => {
    const module = await Test.createTestingModule({ providers: [Entrance, ExchangeGuard] }).compile();
    closeLater(() => module.close());
    const road: Road = await roadTo(['a']);
    const request = road.open();
    module.get(Entrance).enter(request.exchange);
    expect([codeOf(request), request.answer.told[0]]).toEqual(['DRAINING', '503']);
  });
});

describe('the entrance, with what the application provides for all of it', () => {
  it('obeys a guard, for each of the controllers', async () => {
    vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    const { enter, requests, events, upgrades } = await entrance([{ provide: APP_GUARD, useClass: Denies }]);
    const upgrade = ({ exchange }: OpenRequest): void => {
      exchange.upgrade = {} as NonNullable<typeof exchange.upgrade>;
    };
    const all = [enter('/denied'), enter('/denied', upgrade), enter('/false'), enter('/passed')];
    await turn();
    expect(all.map(({ answer }) => answer.told[0])).toEqual(['403', '403', '403', '200']);
    expect([codeOf(all[0]!), JSON.parse(all[0]!.answer.told[1]!).detail]).toEqual(['DENIED', 'not you']);
    expect([requests.paths, events.paths, upgrades.paths]).toEqual([['/passed'], [], []]);
  });

  it('asks the policies as well, and the first verdict settles', async () => {
    const no = new GatewayError('DENIED', 'no', undefined, 401);
    const guard: CanActivate = { canActivate: () => true };
    const policy: RequestPolicy = { check: ({ path }) => (path === '/no' ? no : undefined) };
    const { enter, requests } = await entrance([{ provide: APP_GUARD, useValue: guard }], policy);
    const [refused, passed] = [enter('/no'), enter('/')];
    await turn();
    expect([refused.answer.told[0], passed.answer.told[0], requests.paths]).toEqual(['401', '200', ['/']]);
  });

  it('lets an interceptor answer in the place of the controller', async () => {
    const interceptor: NestInterceptor = {
      intercept: (_: ExecutionContext, next: CallHandler) =>
        _.switchToHttp().getRequest<ExchangeRequest>().path === '/own' ? of({ own: true }) : next.handle(),
    };
    const { enter, requests } = await entrance([{ provide: APP_INTERCEPTOR, useValue: interceptor }]);
    const [own, other] = [enter('/own'), enter('/')];
    await turn();
    expect([own.answer.told, other.answer.told[1]]).toEqual([['200', '{"own":true}', 'end'], 'controller']);
    expect(requests.paths).toEqual(['/']);
  });

  it('lets a filter answer for what was thrown', async () => {
    @Catch(ForbiddenException)
    class Forbidden implements ExceptionFilter {
      catch(_: unknown, host: ArgumentsHost): void {
        host.switchToHttp().getResponse<ExchangeResponse>().status(418).send('filtered');
      }
    }
    const { enter } = await entrance([
      { provide: APP_GUARD, useClass: Denies },
      { provide: APP_FILTER, useClass: Forbidden },
    ]);
    const { answer, exchange } = enter('/denied');
    await turn();
    expect([answer.told, exchange.error]).toEqual([['418', 'filtered', 'end'], undefined]);
  });

  it('ends an exchange with 500 where a guard throws what is no HttpException', async () => {
    vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    const guard: CanActivate = {
      canActivate: () => {
        throw new TypeError('secret');
      },
    };
    const { enter } = await entrance([{ provide: APP_GUARD, useValue: guard }]);
    const request = enter();
    await turn();
    expect([codeOf(request), request.answer.told[0], request.answer.told[1]!.includes('secret')]).toEqual([
      'INTERNAL',
      '500',
      false,
    ]);
  });

  it('ends an exchange with the GatewayError that a guard throws, without a word in the log', async () => {
    const log = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    const guard: CanActivate = {
      canActivate: () => {
        // oxlint-disable-next-line typescript/only-throw-error -- a guard may.
        throw new GatewayError('DENIED', 'later', undefined, 429, ['Retry-After', '7']);
      },
    };
    const { enter } = await entrance([{ provide: APP_GUARD, useValue: guard }]);
    const request = enter();
    await turn();
    expect([codeOf(request), request.answer.told[0], request.exchange.error?.headers]).toEqual([
      'DENIED',
      '429',
      ['Retry-After', '7'],
    ]);
    expect(log).not.toHaveBeenCalled();
  });

  it('does not open where one of them has request scope, which would be left out in silence', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Scoped implements CanActivate {
      canActivate(): boolean {
        return false;
      }
    }
    const provider = { provide: APP_GUARD, useClass: Scoped, scope: Scope.REQUEST };
    await expect(entrance([provider])).rejects.toThrow(/Scoped: a global guard.* of request scope cannot hold/);
  });

  it('sees guards that the application has been given by hand', async () => {
    const module = await Test.createTestingModule({ providers: [Entrance, ExchangeGuard] }).compile();
    closeLater(() => module.close());
    module.get(ApplicationConfig).addGlobalGuard({ canActivate: () => false });
    const sut = module.get(Entrance);
    const controllers = { requests: new Kept(), events: new Kept(), upgrades: new Kept() };
    sut.open(controllers);
    const request = (await roadTo(['a'])).open();
    sut.enter(request.exchange);
    await turn();
    expect([request.answer.told[0], controllers.requests.paths]).toEqual(['403', []]);
  });
});
