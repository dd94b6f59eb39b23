import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../../../../test/support/cleanup.js';
import { eventually } from '../../../../test/support/poll.js';
import { tempFolder } from '../../../../test/support/temp.js';
import type { FoundBackend } from '../discovery.js';
import { FileDiscovery } from './file-discovery.js';

/** A discovery that watches `backends.yaml` in a folder of its own, with what it has published and how it has failed. */
async function start(text: string | undefined, prepare: (folder: string) => void = () => {}) {
  const folder = await tempFolder();
  const at = (name: string): string => join(folder, name);
  prepare(folder);
  const file = at('backends.yaml');
  if (text !== undefined) writeFileSync(file, text);
  const discovery = new FileDiscovery();
  discovery.configure({ file });
  const lists: (readonly FoundBackend[])[] = [];
  const failures: string[] = [];
  const abort = new AbortController();
  closeLater(() => abort.abort());
  await discovery.watch(
    list => lists.push(list),
    abort.signal,
    error => failures.push((error as Error).message),
  );
  return { abort, at, failures, file, lists, urls: () => lists.at(-1)?.map(({ url }) => url) };
}

describe('a file of backends', () => {
  it('is a list in YAML or JSON, in the form of the configuration', async () => {
    const yaml = await start(
      '- http://10.0.0.1:3000\n- { url: http://10.0.0.2:3000, weight: 3, id: two }\n- unix:app.sock\n',
    );
    expect(yaml.lists).toMatchObject([
      [
        { id: '10.0.0.1:3000', url: 'http://10.0.0.1:3000', weight: 1 },
        { id: 'two', url: 'http://10.0.0.2:3000', weight: 3 },
        { url: `unix:${yaml.at('app.sock')}` },
      ],
    ]);
    const json = await start('[\n\t"http://10.0.0.1:3000",\n\t{ "url": "http://10.0.0.2:3000", "backup": true }\n]\n');
    expect(json.lists).toMatchObject([[{ url: 'http://10.0.0.1:3000' }, { backup: true }]]);
    expect((await start('[]')).lists).toEqual([[]]);
  });

  it.each([
    [
      'a wrong value',
      '- http://a\n- url: http://b\n  weight: many\n',
      'backends.yaml:3:11 [1].weight: found "many", expected a whole number from 1 to 1000',
    ],
    [
      'an unknown key',
      '- { url: http://b, wieght: 3 }\n',
      'backends.yaml:1:20 [0].wieght: unknown key "wieght", expected one of id, url, unix, weight, backup; did you mean "weight"?',
    ],
    [
      'one backend twice',
      '- http://a\n- http://a\n- http://a\n',
      'backends.yaml:2:3 [1]: [0] has the id "a:80" too: give each an id of its own (and 1 more)',
    ],
    [
      'broken YAML',
      '- http://a\n- [',
      'backends.yaml:2:4: not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    [
      'a variable',
      '- http://${HOST}\n',
      'backends.yaml:1:3 [0]: the environment variable HOST is not set, and no default is given',
    ],
    [
      'no list',
      'backends: []\n',
      'backends.yaml:1:1: found a block with backends, expected a list of backends, 10000 at most',
    ],
    ['nothing', '', 'backends.yaml:1:1: found nothing, expected a list of backends, 10000 at most'],
    ['no text', undefined, 'backends.yaml does not exist'],
  ])('with %s is a failure that says where', async (_, text, failure) => {
    expect(await start(text)).toMatchObject({ failures: [failure], lists: [] });
  });

  it('is read again when another file takes its name', async () => {
    const { at, file, urls } = await start('- http://a:1');
    writeFileSync(at('next'), '- http://b:1');
    renameSync(at('next'), file);
    await eventually(() => expect(urls()).toEqual(['http://b:1']));
  });

  it('is read again when a symbolic link on its way leads elsewhere, as on Kubernetes', async () => {
    const { at, urls } = await start(undefined, folder => {
      for (const [version, host] of [
        ['..v1', 'a'],
        ['..v2', 'b'],
      ]) {
        mkdirSync(join(folder, version!));
        writeFileSync(join(folder, version!, 'backends.yaml'), `- http://${host}:1`);
      }
      symlinkSync('..v1', join(folder, '..data'));
      symlinkSync('..data/backends.yaml', join(folder, 'backends.yaml'));
    });
    expect(urls()).toEqual(['http://a:1']);
    symlinkSync('..v2', at('..data_next'));
    renameSync(at('..data_next'), at('..data'));
    await eventually(() => expect(urls()).toEqual(['http://b:1']));
  });

  it('that becomes broken is a failure, and is read again when it is mended', async () => {
    const { failures, file, lists, urls } = await start('- http://a:1');
    writeFileSync(file, '- nonsense');
    await eventually(() => expect(failures).toHaveLength(1));
    rmSync(file);
    await eventually(() => expect(failures.at(-1)).toBe('backends.yaml does not exist'));
    expect(lists).toHaveLength(1);
    writeFileSync(file, '- http://b:1');
    await eventually(() => expect(urls()).toEqual(['http://b:1']));
  });

  it('is let alone after the end', async () => {
    const { abort, failures, file, lists } = await start('- http://a:1');
    abort.abort();
    writeFileSync(file, '- nonsense');
    const other = await start('- http://a:1');
    writeFileSync(other.file, '- http://b:1');
    await eventually(() => expect(other.lists).toHaveLength(2));
    expect([failures, lists.length]).toEqual([[], 1]);
  });
});
