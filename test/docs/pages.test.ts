import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/loading/load-config.js';
import { operations } from '../../src/admin/openapi/operations.js';
import { errorTable } from '../../src/http/gateway-error.js';
import * as library from '../../src/index.js';
import { RouteTable } from '../../src/routing/route-table.js';

const page = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, block]) => block!);

describe('the README', () => {
  it('shows configurations that load and routes that compile', () => {
    const shown = blocks(page('README.md'), 'yaml');
    expect(shown.length).toBeGreaterThan(1);
    for (const text of shown) RouteTable.compile(parseConfig(text).config.routes);
  });

  it('imports only what the package exports', () => {
    const [code] = blocks(page('README.md'), 'ts');
    const names = /import \{([^}]*)\} from 'gatehouse'/
      .exec(code!)![1]!
      .split(',')
      .map(name => name.trim())
      .filter(name => name !== '');
    const values = names.filter(name => !name.startsWith('type '));
    expect(values.filter(name => !(name in library))).toEqual([]);
    const types = names.filter(name => name.startsWith('type ')).map(name => name.slice(5));
    const index = page('src/index.ts');
    expect(types.filter(name => !index.includes(name))).toEqual([]);
  });

  it('links to pages that exist', () => {
    for (const [, path] of page('README.md').matchAll(/\]\(([^)#:]+)\)/g)) expect(page(path!)).not.toBe('');
  });
});

describe('docs/resilience.md', () => {
  it('shows configurations that load', () => {
    for (const text of blocks(page('docs/resilience.md'), 'yaml')) {
      expect(parseConfig(text).config.upstreams.size).toBeGreaterThan(0);
    }
  });

  it('imports only what the package exports', () => {
    const index = page('src/index.ts');
    const code = blocks(page('docs/resilience.md'), 'ts');
    expect(code).toHaveLength(2);
    for (const text of code) {
      const names = /import \{([^}]*)\} from 'gatehouse'/
        .exec(text)![1]!
        .split(',')
        .map(name => name.trim());
      for (const name of names) expect(index).toContain(name.replace(/^type /, ''));
    }
  });
});

describe('docs/tracing.md', () => {
  it('shows configurations that load', () => {
    const shown = blocks(page('docs/tracing.md'), 'yaml');
    expect(shown).toHaveLength(2);
    for (const text of shown)
      expect(parseConfig(text, { env: { OTLP_TOKEN: 'x' } }).config.tracing?.otlp).toMatch(/^https?:/);
  });

  it('names each attribute and event of the spans', () => {
    const text = page('docs/tracing.md');
    const [spans, events] = [
      page('src/tracing/spans.ts'),
      ['delivery', 'queued-attempt'].map(name => page(`src/proxy/${name}.ts`)).join(''),
    ];
    const named = [...spans.matchAll(/'gatehouse\.(\w+)'/g), ...events.matchAll(/trace\?\.note\('(\w+)'/g)].map(
      ([, name]) => name!,
    );
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter(name => !text.includes(`.${name}\``))).toEqual([]);
  });
});

describe('docs/operating.md', () => {
  it('imports only what the package exports', () => {
    const named = blocks(page('docs/operating.md'), 'ts').flatMap(code => [
      ...code.matchAll(/import \{([^}]*)\} from 'gatehouse'/g),
    ]);
    expect(named.length).toBeGreaterThan(0);
    for (const [, names] of named) for (const name of names!.split(',')) expect(library).toHaveProperty(name.trim());
  });
});

describe('docs/discovery.md', () => {
  it('shows configurations that load', () => {
    const shown = blocks(page('docs/discovery.md'), 'yaml');
    expect(shown).toHaveLength(4);
    for (const text of shown) expect(parseConfig(text).config.upstreams.get('orders')?.discovery).toBeDefined();
  });

  it('imports only what the package exports', () => {
    const index = page('src/index.ts');
    const [code] = blocks(page('docs/discovery.md'), 'ts');
    const [, names = ''] = /import \{([^}]*)\} from 'gatehouse'/.exec(code!)!;
    for (const name of names.split(',')) expect(index).toContain(name.trim().replace(/^type /, ''));
  });
});

describe('docs/streaming.md', () => {
  it('shows configurations that load', () => {
    const shown = blocks(page('docs/streaming.md'), 'yaml');
    expect(shown.length).toBeGreaterThan(0);
    for (const text of shown) RouteTable.compile(parseConfig(text).config.routes);
  });
});

describe('docs/capacity.md', () => {
  const text = page('docs/capacity.md');

  it('names settings that the configuration has', () => {
    const reference = page('docs/configuration.md');
    const keys = [...text.matchAll(/`(?:[a-z]+(?:\[\]|\.\*)?\.)+([a-zA-Z]+)`/g)]
      .filter(([name]) => !/^`(?:net|node)\./.test(name))
      .map(([, key]) => key!);
    expect(keys.length).toBeGreaterThan(8);
    expect(keys.filter(key => !reference.includes(`**\`${key}\`**`))).toEqual([]);
  });

  it('shows commands with parts that their programs know', () => {
    const [commands = ''] = blocks(text, 'sh');
    for (const [, program, shown] of commands.matchAll(/^node (bench\/[\w-]+\.ts) (.*)$/gm)) {
      const names = shown!
        .match(/[a-z]+(?=[ ;]|$)/g)!
        .filter(name => !['or', 'all', 'without', 'a', 'name'].includes(name));
      expect(names.length).toBeGreaterThan(4);
      const known = page(program!);
      expect(names.filter(name => !new RegExp(`^  ${name}(?:,|:)`, 'm').test(known))).toEqual([]);
    }
  });
});

describe('docs/security.md', () => {
  it('shows configurations that load, but for the certificates that are not here', () => {
    const shown = blocks(page('docs/security.md'), 'yaml');
    expect(shown.length).toBeGreaterThan(1);
    for (const text of shown) parseConfig(text.replace(/^ *tls:\n *certificates:.*\n *minVersion:.*\n/m, ''));
  });

  it('imports only what the package exports', () => {
    const index = page('src/index.ts');
    for (const text of blocks(page('docs/security.md'), 'ts')) {
      const names = /import \{([^}]*)\} from 'gatehouse'/
        .exec(text)![1]!
        .split(',')
        .map(name => name.trim());
      for (const name of names) expect(index).toContain(name.replace(/^type /, ''));
    }
  });
});

describe('docs/errors.md', () => {
  it('has the row of each error code', () => {
    const text = page('docs/errors.md');
    for (const [code, { status, source, retry, when }] of Object.entries(errorTable)) {
      const shown = status === 0 ? 'the response is cut' : status === 499 ? '499 (log only)' : String(status);
      expect(text).toContain(`| \`${code}\` | ${shown} | ${source} | ${retry} | ${when} |`);
    }
  });
});

describe('SECURITY.md', () => {
  const text = page('SECURITY.md');
  const exists = (path: string): boolean => existsSync(new URL(`../../${path}`, import.meta.url));

  it('names a test for each promise, and only files that exist', () => {
    const [, table = ''] = /## What is promised([\s\S]*?)\n## /.exec(text)!;
    const promises = table.split('\n').filter(line => /^\| (?!promise|---)/.test(line));
    expect(promises.length).toBeGreaterThan(12);
    for (const promise of promises) {
      const files = [...promise.matchAll(/`((?:src|test)\/[^`]+\.(?:spec|test)\.ts)`/g)].map(([, path]) => path!);
      expect(files, promise).not.toEqual([]);
      expect(files.filter(path => !exists(path))).toEqual([]);
    }
  });

  it('names settings that the configuration has', () => {
    const reference = page('docs/configuration.md');
    expect(text.match(/`[a-z]+[A-Z]\w+`/g)!.filter(key => !reference.includes(`**${key}**`))).toEqual([]);
  });
});

describe('docs/adr/0001-private-parts-of-libraries.md', () => {
  it('lists what src/platform/ reaches into, and each has a canary', () => {
    const named = [...page('docs/adr/0001-private-parts-of-libraries.md').matchAll(/^\| `([\w-]+)\.ts` /gm)].map(
      ([, name]) => name!,
    );
    const files = readdirSync(new URL('../../src/platform/', import.meta.url));
    const ofTheSystem = new Set([
      'bounded-file',
      'counted-connector',
      'exhausted',
      'file-watch',
      'open-files',
      'shortage',
    ]);
    const reaching = files.filter(file => !file.endsWith('.spec.ts')).map(file => file.replace(/\.ts$/, ''));
    expect(named.toSorted()).toEqual(reaching.filter(name => !ofTheSystem.has(name)).toSorted());
    // The window is tried by the breaker that counts in it.
    const tried = named.map(name => (name === 'circuit-window' ? 'guarded-opossum' : name));
    expect(tried.filter(name => !files.includes(`${name}.spec.ts`))).toEqual([]);
  });
});

describe('docs/admin-api.md', () => {
  const text = page('docs/admin-api.md');

  it('has all that the OpenAPI document has, and nothing else', () => {
    const shown = [...text.matchAll(/^\| `((?:GET|POST) \S+)` /gm)].map(([, name]) => name!);
    expect(shown.toSorted()).toEqual(Object.keys(operations).toSorted());
  });

  it('names each filter of the tail', () => {
    const filters = Object.keys(operations['GET /tail']!.values!);
    for (const name of filters) expect(text).toContain(`| \`${name}\` `);
  });
});
