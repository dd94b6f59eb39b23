import { Global, Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { expect, it } from 'vitest';
import { ownerOf } from '../extension/owner.js';
import { scopedModules } from './scoped-modules.js';

@Injectable()
class Common {
  readonly seen: string[] = [];
}

@Global()
@Module({ providers: [Common], exports: [Common] })
class CommonModule {}

@Injectable()
class Part {
  constructor(readonly common: Common) {}
}

@Module({ providers: [Part], exports: [Part] })
class PartModule implements OnModuleInit {
  constructor(private readonly common: Common) {}

  onModuleInit(): void {
    this.common.seen.push('init');
  }
}

@Module({ imports: [PartModule], exports: [PartModule] })
class Around {}

@Module({ providers: [{ provide: 'given', useValue: 'given' }], exports: ['given'] })
class Given {}

it('are one set for each gateway, which does not see that of another, nor what is global in the application', async () => {
  const given = { module: Given };
  const [first, second] = [
    scopedModules([CommonModule, Around], 'a', given),
    scopedModules([CommonModule, Around], 'b', given),
  ];
  const holder = (name: string, imports: typeof first): object => ({
    module: class Holder {},
    imports: [...imports, given],
    providers: [{ provide: name, inject: [Part, 'given'], useFactory: (...injected: unknown[]) => injected }],
    exports: [name],
  });
  const imports = [CommonModule, Around, holder('a', first), holder('b', second)] as never[];
  const module = await Test.createTestingModule({ imports }).compile();
  await module.init();
  const [[a, word], [b]] = [module.get<[Part, string]>('a'), module.get<[Part, string]>('b')];
  const plain = module.select(PartModule).get(Part, { strict: true });
  expect(word).toBe('given');
  expect(new Set([a.common, b.common, plain.common]).size).toBe(3);
  // The hooks of a module run for each of its copies.
  expect([a, b, plain].map(({ common }) => common.seen)).toEqual([['init'], ['init'], ['init']]);
  await module.close();
});

it('have the names of the modules that they are made of, and an owner', () => {
  const copies = scopedModules([Around], 'a', { module: Given });
  expect((copies[0] as { name: string }).name).toBe('Around');
  expect([ownerOf(copies[0]!), ownerOf(Around)]).toEqual(['a', undefined]);
});
