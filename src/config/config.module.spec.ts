import { Inject, Injectable } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import { GATEWAY_CONFIG, GatewayConfigModule } from './config.module.js';
import type { GatewayConfig } from './file/gateway.config.js';
import { buildConfig } from './loading/load-config.js';

@Injectable()
class Consumer {
  readonly seen: unknown;

  constructor(
    @Inject(GATEWAY_CONFIG) readonly config: GatewayConfig,
    readonly service: ConfigService,
  ) {
    this.seen = service.get('gateway.workers');
  }
}

async function consumerOf(config: GatewayConfig): Promise<Consumer> {
  const module = await Test.createTestingModule({
    imports: [GatewayConfigModule.forRoot(config)],
    providers: [Consumer],
  }).compile();
  await module.init();
  return module.get(Consumer);
}

const configWith = (workers: 'auto' | 1): GatewayConfig =>
  buildConfig({ workers, upstreams: { app: { backends: ['http://a'] } } });

describe('the configuration of a gateway', () => {
  it('can be injected by its token and read through the ConfigService', async () => {
    const config = configWith(1);
    const consumer = await consumerOf(config);
    expect(consumer.config).toBe(config);
    expect(consumer.service.get('gateway')).toBe(config);
    expect(consumer.seen).toBe(1);
  });

  it('is separate for each application of a process', async () => {
    const [one, other] = await Promise.all([consumerOf(configWith(1)), consumerOf(configWith('auto'))]);
    expect(one.service.get('gateway.workers')).toBe(1);
    expect(other.service.get('gateway.workers')).toBe('auto');
  });

  it('does not fall back to the environment of the process', async () => {
    const consumer = await consumerOf(configWith(1));
    expect(consumer.service.get('PATH')).toBeUndefined();
  });
});
