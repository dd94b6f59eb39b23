import { Injectable, Module, type Type } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { IsInt } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { createNamedDecorator } from './named.js';
import { NamedProviders } from './named-providers.js';

interface Greeter {
  greet(): string;
}
const Greets = createNamedDecorator<Greeter>('greeter');
const Sings = createNamedDecorator<Greeter>('singer');

@Injectable()
class Greeters extends NamedProviders<Greeter> {
  constructor(discovery: DiscoveryService) {
    super(discovery, Greets);
  }
}

@Injectable()
class Dictionary {
  readonly hello = 'hello';
}

class LoudOptions {
  @IsInt()
  marks = 1;
}

@Greets('loud', { options: LoudOptions })
class Loud implements Greeter {
  #marks = 0;
  constructor(private readonly dictionary: Dictionary) {}
  configure(options: LoudOptions): void {
    this.#marks = options.marks;
  }
  greet(): string {
    return this.dictionary.hello + '!'.repeat(this.#marks);
  }
}

@Greets('quiet')
class Quiet implements Greeter {
  greet(): string {
    return '…';
  }
}

@Module({ providers: [Dictionary, Loud] })
class LoudModule {}

function application(...providers: NonNullable<Parameters<typeof Test.createTestingModule>[0]['providers']>) {
  return Test.createTestingModule({ imports: [DiscoveryModule, LoudModule], providers: [Greeters, ...providers] });
}

async function greeters(...providers: Type[]): Promise<Greeters> {
  const module = await application(...providers).compile();
  await module.init();
  return module.get(Greeters);
}

const path = ['people', 0];

describe('named providers', () => {
  it('are found in any module, with the dependencies of that module', async () => {
    const known = await greeters(Quiet);
    expect(known.names).toEqual(['loud', 'quiet']);
    expect((await known.create({ name: 'loud', path })).greet()).toBe('hello!');
  });

  it('are made anew for each entry, with the options of that entry', async () => {
    const known = await greeters();
    const one = await known.create({ name: 'loud', options: { marks: 2 }, path });
    const two = await known.create({ name: 'loud', options: { marks: 3 }, path });
    expect([one.greet(), two.greet()]).toEqual(['hello!!', 'hello!!!']);
  });

  it('explain how to register a provider when there are none', async () => {
    @Injectable()
    class Singers extends NamedProviders<Greeter> {
      constructor(discovery: DiscoveryService) {
        super(discovery, Sings);
      }
    }
    const module = await application(Singers).compile();
    await module.init();
    await expect(module.get(Singers).create({ name: 'bass', path })).rejects.toThrow(
      'people[0]: no singer is named "bass": none is registered, which takes a class with @Singer("bass") in one of the modules',
    );
  });

  it('are refused under an unknown name in one line that lists the known ones', async () => {
    const known = await greeters(Quiet);
    await expect(known.create({ name: 'lowd', path })).rejects.toThrow(
      /^people\[0\]: no greeter is named "lowd", known are loud, quiet \(did you mean "loud"\?\)$/,
    );
    await expect(known.create({ name: 'toString', path })).rejects.toThrow(
      /^people\[0\]: no greeter is named "toString", known are loud, quiet$/,
    );
  });

  it('are refused with wrong options, all of them in one line', async () => {
    const known = await greeters(Quiet);
    await expect(known.create({ name: 'loud', options: { marks: 'two', mark: 2 }, path })).rejects.toThrow(
      /^people\[0\]\.mark: unknown option \(did you mean "marks"\?\); people\[0\]\.marks: must be an integer number$/,
    );
    await expect(known.create({ name: 'quiet', options: { marks: 2 }, path })).rejects.toThrow(
      /^people\[0\]\.marks: unknown option; it takes none$/,
    );
  });

  it('stop the start when two classes have one name', async () => {
    @Greets('quiet')
    class AlsoQuiet extends Quiet {}
    const module = await application(Quiet, AlsoQuiet).compile();
    await expect(module.init()).rejects.toThrow(
      /^two classes are named greeter "quiet": Quiet and AlsoQuiet; the one that is to take the place of the other says { replaces: true }$/,
    );
  });

  it('take the place of another of their name on purpose', async () => {
    @Greets('quiet', { replaces: true })
    class Whisper implements Greeter {
      greet(): string {
        return 'psst';
      }
    }
    const known = await greeters(Whisper, Quiet);
    expect([known.names, (await known.create({ name: 'quiet', path })).greet()]).toEqual([['loud', 'quiet'], 'psst']);
  });

  it('stop the start when two want to take the place of a third, or one that of none', async () => {
    @Greets('quiet', { replaces: true })
    class One extends Quiet {}
    @Greets('quiet', { replaces: true })
    class Two extends Quiet {}
    const both = await application(Quiet, One, Two).compile();
    await expect(both.init()).rejects.toThrow('3 classes are named greeter "quiet": Quiet, One and Two');
    const alone = await application(One).compile();
    await expect(alone.init()).rejects.toThrow('One replaces the greeter "quiet", and there is no other of that name');
  });

  it('have names that a file can hold', () => {
    expect(() => Greets('with space')(Quiet)).toThrow(
      '@Greeter("with space") on Quiet: expected a name of letters, digits and . _ - that starts with a letter or digit',
    );
  });

  it('are refused with the place that the caller knows', async () => {
    const known = await greeters();
    const describe = (faults: readonly { path: readonly (string | number)[] }[]): string =>
      `file:1:2 ${faults.map(each => each.path.join('/')).join()}`;
    await expect(known.create({ name: 'loud', options: { mark: 1 }, path, describe })).rejects.toThrow(
      'file:1:2 people/0/mark',
    );
  });

  it('may be provided by several modules', async () => {
    expect((await greeters(Dictionary, Loud)).names).toEqual(['loud']);
  });

  it('of another kind, and subclasses without a name of their own, are left alone', async () => {
    @Sings('quiet')
    class Singer extends Quiet {}
    @Injectable()
    class Nameless extends Quiet {}
    expect((await greeters(Singer, Nameless)).names).toEqual(['loud']);
  });

  it('are found under a token that is not their class', async () => {
    const module = await application({ provide: 'QUIET', useClass: Quiet }).compile();
    expect((await module.get(Greeters).create({ name: 'quiet', path })).greet()).toBe('…');
  });

  it('are used as they are when made by a factory', async () => {
    const made = new Quiet();
    const module = await application({ provide: Quiet, useFactory: () => made }).compile();
    expect(await module.get(Greeters).create({ name: 'quiet', path })).toBe(made);
  });

  it('may be replaced in a test by a value', async () => {
    const fake = { greet: () => 'fake' };
    const module = await application().overrideProvider(Loud).useValue(fake).compile();
    await module.init();
    expect(await module.get(Greeters).create({ name: 'loud', path })).toBe(fake);
  });

  it('may be replaced in a test by an undecorated class', async () => {
    class Fake {
      readonly greet = () => 'fake';
    }
    const module = await application().overrideProvider(Loud).useClass(Fake).compile();
    await module.init();
    expect(await module.get(Greeters).create({ name: 'loud', path })).toBe(module.get(Loud));
    expect(module.get(Loud)).toBeInstanceOf(Fake);
  });
});
