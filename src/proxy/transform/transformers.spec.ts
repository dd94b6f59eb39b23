import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { expect, it } from 'vitest';
import { parseConfig } from '../../config/loading/load-config.js';
import { Transformer, type ExchangeTransformer } from './transformer.js';
import { Transformers } from './transformers.js';

@Transformer('none')
class None implements ExchangeTransformer {}

@Module({ providers: [None] })
class NoneModule {}

const configOf = (transformers: string) =>
  parseConfig(`upstreams: { app: { backends: [http://127.0.0.1:1] } }
routes:
  - upstream: app
    transformers: ${transformers}
`).config;

it('the transformers of a route are found by their names, and are none where it names none', async () => {
  const module = await Test.createTestingModule({
    imports: [DiscoveryModule, NoneModule],
    providers: [Transformers],
  }).compile();
  const all = module.get(Transformers);
  const of = (config: ReturnType<typeof configOf>) => all.ofRoute(config, config.routes[0]!, 0);
  expect(await of(configOf('[]'))).toBeUndefined();
  expect(await of(configOf('[none]'))).toBeDefined();
  await expect(of(configOf('[nine]'))).rejects.toThrow(
    'gateway.yaml:4:20 routes[0].transformers[0]: no transformer is named "nine", known are none (did you mean "none"?)',
  );
});
