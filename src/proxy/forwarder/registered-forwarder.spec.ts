import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import { openPools } from '../../../test/support/forwarding.js';
import type { BackendPools } from './backend-pools.js';
import { Forwarders, Forwarder, type ForwarderFactory } from './registered-forwarder.js';

const carried: Forwarder = {
  forward: () => ({ resume: () => {}, setIdleTimeout: () => {}, abort: () => {} }),
  connections: () => ({ active: 0, idle: 0, pending: 0 }),
  close: async () => {},
};

@Forwarder('pigeons')
class Pigeons implements ForwarderFactory {
  given: BackendPools | undefined;

  create(pools: BackendPools): Forwarder {
    this.given = pools;
    return carried;
  }
}

@Module({ providers: [Pigeons] })
class PigeonsModule {}

describe('the forwarders of an application', () => {
  async function forwarders(): Promise<Forwarders> {
    const module = await Test.createTestingModule({
      imports: [DiscoveryModule, PigeonsModule],
      providers: [Forwarders],
    }).compile();
    await module.init();
    return module.get(Forwarders);
  }

  it('are found by their names in any module, and are given the connections of the upstream', async () => {
    const all = await forwarders();
    expect(all.names).toEqual(['pigeons']);
    const factory = await all.create({ name: 'pigeons', path: ['upstreams', 'app', 'forwarder'] });
    const pools = openPools();
    expect(factory.create(pools, () => carried)).toBe(carried);
    expect((factory as Pigeons).given).toBe(pools);
  });

  it('that do not exist are named with their place, and with what was meant', async () => {
    const all = await forwarders();
    await expect(all.create({ name: 'pigeon', path: ['upstreams', 'app', 'forwarder'] })).rejects.toThrow(
      'upstreams.app.forwarder: no forwarder is named "pigeon", known are pigeons (did you mean "pigeons"?)',
    );
  });
});
