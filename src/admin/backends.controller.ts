import { Controller, HttpException, Inject, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { UnknownBackendError } from '../upstream/control/backend-control.js';
import { changeLines } from '../upstream/control/backend-setting.js';
import { ADMIN_SOURCES, type AdminSources } from './admin-sources.js';
import type { ControlledView } from './api/views.js';
import { viewOf } from './backend-view.js';
import { durationOf, valuesOf, wrong } from './query.js';

interface Place {
  readonly upstream: string;
  readonly backend: string;
}

/**
 * `POST /upstreams/{upstream}/backends/{id}/drain`, `…/undrain`, `…/weight`, `…/breaker/open`, `…/breaker/close` and `…/breaker/reset`, with their values
 * in the query (`?for=10m`, `?weight=5&for=10m`, `?weight=reset`) or as JSON. 200 with what has changed in words; 404 for what is not known, 400 for a
 * value that cannot be, 409 for a breaker that is disabled.
 */
@Controller('upstreams/:upstream/backends/:backend')
export class BackendsController {
  constructor(@Inject(ADMIN_SOURCES) private readonly sources: AdminSources) {}

  @Post('drain')
  drain(@Req() request: FastifyRequest): ControlledView {
    const options = { for: durationOf(valuesOf(request, ['for']), 'for'), by: request.ip };
    return this.#act(request, ({ upstream, backend }) => this.sources.control.drain(upstream, backend, options));
  }

  @Post('undrain')
  undrain(@Req() request: FastifyRequest): ControlledView {
    valuesOf(request, []);
    const by = request.ip;
    return this.#act(request, ({ upstream, backend }) => this.sources.control.undrain(upstream, backend, { by }));
  }

  @Post('weight')
  weight(@Req() request: FastifyRequest): ControlledView {
    const query = valuesOf(request, ['weight', 'for']);
    const options = { for: durationOf(query, 'for'), by: request.ip };
    const weight = query['weight'] ?? '';
    if (weight === 'reset' && options.for === undefined)
      return this.#act(request, ({ upstream, backend }) =>
        this.sources.control.resetWeight(upstream, backend, options),
      );
    if (!/^\d{1,4}$/.test(weight) || Number(weight) > 1000)
      throw wrong(
        weight === 'reset'
          ? 'The weight is reset for good: leave out "for".'
          : `"weight" must be a whole number from 0 to 1000, or reset, and not ${JSON.stringify(weight)}.`,
      );
    return this.#act(request, ({ upstream, backend }) =>
      this.sources.control.weight(upstream, backend, Number(weight), options),
    );
  }

  @Post('breaker/open')
  open(@Req() request: FastifyRequest): ControlledView {
    const options = { for: durationOf(valuesOf(request, ['for']), 'for'), by: request.ip };
    return this.#act(request, ({ upstream, backend }) => {
      if (this.sources.config().upstreams.get(upstream)?.circuitBreaker.enabled === false)
        throw new HttpException(
          { detail: `the circuit breakers of "${upstream}" are disabled (circuitBreaker.enabled): drain the backend` },
          409,
        );
      this.sources.control.openCircuit(upstream, backend, options);
    });
  }

  @Post('breaker/close')
  close(@Req() request: FastifyRequest): ControlledView {
    valuesOf(request, []);
    const by = request.ip;
    return this.#act(request, ({ upstream, backend }) => this.sources.control.closeCircuit(upstream, backend, { by }));
  }

  @Post('breaker/reset')
  reset(@Req() request: FastifyRequest): ControlledView {
    valuesOf(request, []);
    const by = request.ip;
    return this.#act(request, ({ upstream, backend }) => this.sources.control.resetCircuit(upstream, backend, { by }));
  }

  #act({ params }: FastifyRequest, act: (place: Place) => void): ControlledView {
    const place = params as Place;
    const { control } = this.sources;
    const before = control.of(place.upstream, place.backend);
    try {
      act(place);
    } catch (error) {
      if (!(error instanceof UnknownBackendError)) throw error;
      throw new HttpException({ detail: error.message }, 404);
    }
    const after = control.of(place.upstream, place.backend);
    const upstream = [...this.sources.upstreams()].find(({ name }) => name === place.upstream);
    const backend = upstream?.backends.find(({ id }) => id === place.backend);
    const warnings: string[] = [];
    if (upstream?.available.length === 0) warnings.push(`no backend of ${place.upstream} takes requests now`);
    if (backend === undefined) warnings.push(`${place.upstream}/${place.backend} is not there now`);
    return {
      upstream: place.upstream,
      backend: backend && viewOf(backend, after),
      changes: changeLines(place, before, after),
      warnings,
    };
  }
}
