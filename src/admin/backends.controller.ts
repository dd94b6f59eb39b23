import { Controller, HttpException, Inject, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { duration } from '../config/language/kinds/duration.js';
import { Invalid } from '../config/language/kinds/invalid.js';
import { didYouMean } from '../spelling/nearest.js';
import { UnknownBackendError, type ControlOptions } from '../upstream/control/backend-control.js';
import { changeLines } from '../upstream/control/backend-setting.js';
import { ADMIN_SOURCES, type AdminSources } from './admin-sources.js';
import { viewOf, type BackendView } from './backend-view.js';

/** What was done to a backend. */
export interface Controlled {
  readonly upstream: string;
  /** Undefined: it is not there now. */
  readonly backend: BackendView | undefined;
  /** In words, a line each; empty: it was so already. */
  readonly changes: readonly string[];
  /** What the operator may not expect, a line each. */
  readonly warnings: readonly string[];
}

interface Place {
  readonly upstream: string;
  readonly backend: string;
}

const time = duration({ min: 1 });

/**
 * `POST /upstreams/{upstream}/backends/{id}/drain`, `…/undrain` and `…/weight`, with their values in the query: `?for=10m`, `?weight=5&for=10m`,
 * `?weight=reset`. 200 with what has changed in words; 404 for what is not known, 400 for a value that cannot be.
 */
@Controller('upstreams/:upstream/backends/:backend')
export class BackendsController {
  constructor(@Inject(ADMIN_SOURCES) private readonly sources: AdminSources) {}

  @Post('drain')
  drain(@Req() request: FastifyRequest): Controlled {
    const options = { ...optionsOf(queryOf(request, ['for'])), by: request.ip };
    return this.#act(request, ({ upstream, backend }) => this.sources.control.drain(upstream, backend, options));
  }

  @Post('undrain')
  undrain(@Req() request: FastifyRequest): Controlled {
    queryOf(request, []);
    const by = request.ip;
    return this.#act(request, ({ upstream, backend }) => this.sources.control.undrain(upstream, backend, { by }));
  }

  @Post('weight')
  weight(@Req() request: FastifyRequest): Controlled {
    const query = queryOf(request, ['weight', 'for']);
    const options = { ...optionsOf(query), by: request.ip };
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

  #act({ params }: FastifyRequest, act: (place: Place) => void): Controlled {
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

/** The parameters of a query, each once; others than the known ones are refused. */
function queryOf({ query }: FastifyRequest, known: readonly string[]): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(query as object)) {
    if (!known.includes(name))
      throw wrong(`There is no parameter ${JSON.stringify(name)} here${didYouMean(name, known) || '.'}`);
    if (typeof value !== 'string') throw wrong(`The parameter ${JSON.stringify(name)} stands there more than once.`);
  }
  return query as Record<string, string>;
}

function optionsOf({ for: text }: Readonly<Record<string, string>>): ControlOptions {
  if (text === undefined) return {};
  const value = time.parse(text);
  if (!(value instanceof Invalid)) return { for: value };
  const { expected, details } = value;
  const meant = details.suggestion === undefined ? '' : `; did you mean ${details.suggestion}?`;
  throw wrong(`"for" must be ${expected}, and not ${JSON.stringify(text)}${meant}`);
}

function wrong(detail: string): HttpException {
  return new HttpException({ detail }, 400);
}
