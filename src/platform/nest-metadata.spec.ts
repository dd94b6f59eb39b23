import 'reflect-metadata';
import {
  Controller,
  Get,
  Inject,
  Module,
  Param,
  Post,
  Res,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { describe, expect, it } from 'vitest';
import {
  declaredOn,
  enhancersOn,
  isSocketGateway,
  methodOn,
  pathOn,
  ROUTE_ARGS_METADATA,
  RouteParamtypes,
  tokensOn,
} from './nest-metadata.js';

class Guard {
  canActivate(): boolean {
    return true;
  }
}
class Interceptor {
  intercept(): never {
    throw new Error('not called');
  }
}
class Filter {
  catch(): void {}
}

@Controller('/things/')
@UseGuards(Guard)
@UseInterceptors(Interceptor)
class Things {
  @Get('one/:id')
  @UseFilters(Filter)
  one(@Param('id') id: string, @Res() response: object): unknown {
    return [id, response];
  }

  @Post()
  add(): void {}

  helper(): void {}
}

describe("what Nest's decorators leave (if this fails, Nest has changed: see src/platform/nest-metadata.ts)", () => {
  it('tells a gateway for WebSockets from other classes', () => {
    @WebSocketGateway()
    class Chat {}
    expect([isSocketGateway(Chat), isSocketGateway(Things)]).toEqual([true, false]);
  });

  it('is the guards, interceptors and filters of a class and of a method', () => {
    expect(enhancersOn(Things)).toEqual([Guard, Interceptor]);
    expect(enhancersOn(Things.prototype.one)).toEqual([Filter]);
    expect(enhancersOn(Things.prototype.add)).toEqual([]);
  });

  it('is the path and the method of HTTP', () => {
    expect(pathOn(Things)).toBe('things');
    expect([methodOn(Things.prototype.one), pathOn(Things.prototype.one)]).toEqual(['GET', 'one/:id']);
    expect([methodOn(Things.prototype.add), pathOn(Things.prototype.add)]).toEqual(['POST', '']);
    expect(methodOn(Things.prototype.helper)).toBeUndefined();
  });

  it('is the tokens of what is injected', () => {
    class Taker {
      @Inject('of-property') readonly property: unknown;

      constructor(@Inject('of-parameter') readonly parameter: unknown) {}
    }
    expect(tokensOn(Taker)).toEqual(['of-parameter', 'of-property']);
    expect(tokensOn(Things)).toEqual([]);
  });

  it('is the kinds of parameters, by their places', () => {
    const parameters = Reflect.getMetadata(ROUTE_ARGS_METADATA, Things, 'one') as object;
    expect(Object.keys(parameters).sort()).toEqual(
      [`${RouteParamtypes.PARAM}:0`, `${RouteParamtypes.RESPONSE}:1`].sort(),
    );
  });

  it('is the modules and providers of a module', () => {
    @Module({ providers: [Guard] })
    class Inner {}
    @Module({ imports: [Inner] })
    class Outer {}
    expect([declaredOn(Inner), declaredOn(Outer)]).toEqual([
      { imports: [], providers: [Guard] },
      { imports: [Inner], providers: [] },
    ]);
    expect(declaredOn(Things)).toBeUndefined();
  });
});
