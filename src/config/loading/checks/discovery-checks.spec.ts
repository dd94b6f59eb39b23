import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { effectiveConfig } from '../../showing/effective-config.js';
import { ConfigError } from '../config-error.js';
import { buildUntyped, type ParseOptions } from '../load-config.js';

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-discovery-'));
writeFileSync(join(folder, 'backends.yaml'), '[]');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const load = (discovery: unknown, upstream: object = {}, options: ParseOptions = {}) =>
  buildUntyped({ upstreams: { app: { discovery, ...upstream } } }, { baseDir: folder, ...options });

/** What is wrong with an upstream whose backends are found in this way. */
function complaintsAbout(...how: Parameters<typeof load>): readonly string[] {
  try {
    load(...how);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, message, suggestion }) => [path, message, suggestion].filter(Boolean).join(' '));
  }
}

const shown = (discovery: unknown) => {
  const { upstreams } = effectiveConfig(load(discovery)) as { upstreams: { app: { discovery: unknown } } };
  return upstreams.app.discovery;
};

describe('backends that are found', () => {
  it('need no others beside them, and may have some', () => {
    const dns = { dns: 'orders.internal', port: 3000 };
    expect(complaintsAbout(dns)).toEqual([]);
    expect(complaintsAbout(dns, { backends: [{ url: 'http://10.0.0.9:3000', backup: true }] })).toEqual([]);
    expect(complaintsAbout(undefined)).toEqual([
      'upstreams.app no backends: give a list such as backends: [http://127.0.0.1:3001], or say by discovery how they are found',
    ]);
  });

  it('are looked up by addresses and a port, or by SRV records, which carry it', () => {
    expect(complaintsAbout({ dns: 'a.internal', type: 'SRV' })).toEqual([]);
    expect(complaintsAbout({ dns: 'a.internal', type: 'AAAA' })).toEqual([
      'upstreams.app.discovery records of type AAAA carry no port: give one',
    ]);
    expect(complaintsAbout({ dns: 'a.internal', type: 'SRV', port: 80 })).toEqual([
      'upstreams.app.discovery.port records of type SRV carry the port: leave it out',
    ]);
    expect(complaintsAbout({ dns: 'a.internal', type: 'CNAME' })).toEqual([
      'upstreams.app.discovery.type found "CNAME", expected A, AAAA or SRV',
    ]);
    expect(complaintsAbout({ dns: '10.0.0.1', port: 80 })).toEqual([
      'upstreams.app.discovery.dns 10.0.0.1 is an address and not a name to look up: write it among the backends',
    ]);
  });

  it('are asked for at servers that have addresses', () => {
    const at = (...resolvers: unknown[]) => complaintsAbout({ dns: 'a.internal', port: 80, resolvers });
    expect(at('127.0.0.1', '127.0.0.1:8600', '::1', '[::1]', '[fd00::2]:5353')).toEqual([]);
    for (const wrong of ['localhost:53', '127.0.0.1:0', '127.0.0.1:70000', '[127.0.0.1]:53', '10.0.0.300', '', 53])
      expect(at(wrong), String(wrong)).toEqual([
        `upstreams.app.discovery.resolvers[0] found ${JSON.stringify(wrong)}, expected an address with or without a port, such as 10.0.0.2, 127.0.0.1:8600 or [::1]:53`,
      ]);
  });

  it('are found in one way', () => {
    expect(complaintsAbout({ file: 'backends.yaml' })).toEqual([]);
    expect(complaintsAbout({})).toEqual([
      'upstreams.app.discovery missing what finds the backends: dns with a port, file, or name',
    ]);
    expect(complaintsAbout({ dns: 'a.internal', port: 80, file: 'backends.yaml' })).toEqual([
      'upstreams.app.discovery dns and file exclude each other',
    ]);
    expect(complaintsAbout({ file: 'backends.yaml', refresh: '1s' })).toEqual([
      'upstreams.app.discovery.refresh it belongs to dns, and the backends are in a file',
    ]);
    expect(complaintsAbout({ file: 'none.yaml' })).toEqual([
      `upstreams.app.discovery.file file "${join(folder, 'none.yaml')}" does not exist`,
    ]);
  });

  it('are found by what a module registers, by its name', () => {
    expect(complaintsAbout('consul')).toEqual([]);
    expect(complaintsAbout({ name: 'consul', service: 'orders' })).toEqual([]);
    expect(complaintsAbout({ name: 'consul' }, {}, { discoveries: ['consul'] })).toEqual([]);
    expect(complaintsAbout('consul', {}, { discoveries: [] })).toEqual([
      'upstreams.app.discovery no discovery is called "consul": none is registered, which takes a class with @Discovery("consul") in a module of an application of your own',
    ]);
    expect(complaintsAbout('dns')).toEqual([
      'upstreams.app.discovery dns is no name but a key here: discovery: { dns: orders.internal, port: 3000 }',
    ]);
    for (const wrong of [5, [], { name: 5 }, { name: 'a b' }, 'a b'])
      expect(complaintsAbout(wrong)).toEqual([
        expect.stringContaining('expected a block with dns and port, a block with file, the name of a discovery'),
      ]);
  });

  it('are shown as they are written, with the defaults, and without secrets', () => {
    expect(shown({ dns: 'a.internal', port: 80 })).toEqual({
      dns: 'a.internal',
      type: 'A',
      port: 80,
      scheme: 'http',
      refresh: '5s',
      resolvers: [],
    });
    expect(shown({ file: 'backends.yaml' })).toEqual({ file: join(folder, 'backends.yaml') });
    expect(shown('consul')).toBe('consul');
    expect(shown({ name: 'consul', service: 'orders', token: 'abc' })).toEqual({
      name: 'consul',
      service: 'orders',
      token: '****',
    });
  });
});
