import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config/loading/config-error.js';
import { loadConfig } from '../../src/config/loading/load-config.js';
import { tempFolder } from '../support/temp.js';

const base = 'upstreams:\n  app:\n    backends: [http://127.0.0.1:3001]\n';
let folder: string;
beforeEach(async () => void (folder = await tempFolder()));

async function write(name: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, name)), { recursive: true });
  await writeFile(join(folder, name), text);
}

/** What is wrong with a configuration that includes these, line by line. */
async function complaintsOf(include: string): Promise<string[]> {
  await write('gateway.yaml', `${base}include: ${include}\n`);
  try {
    loadConfig(join(folder, 'gateway.yaml'), {});
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message.replaceAll(`${folder}/`, '').split('\n');
  }
}

const letters = [...'abcde'];
/** A file of a few hundred bytes that holds a hundred thousand values. */
const bomb = letters
  .map(
    (name, at) =>
      `${name}: &${name} [${Array.from({ length: 10 }, () => (at === 0 ? 'x' : `*${letters[at - 1]}`)).join(',')}]`,
  )
  .join('\n');

describe('included files that were made to hurt are refused in one line', () => {
  it('when they include each other in a circle', async () => {
    await write('a.yaml', 'include: b.yaml');
    await write('b.yaml', 'include: [c.yaml]');
    await write('c.yaml', 'include: a.*');
    expect(await complaintsOf('a.yaml')).toEqual([
      'c.yaml:1:10 include: a file includes itself: a.yaml > b.yaml > c.yaml > a.yaml',
    ]);
  });

  it('when each includes the next, without an end in sight', async () => {
    for (let at = 0; at < 100; at++) await write(`${at}.yaml`, `include: ${at + 1}.yaml`);
    expect(await complaintsOf('0.yaml')).toEqual([
      '8.yaml:1:10 include: more than 10 files of which each includes the next: no configuration needs that',
    ]);
  });

  it('when a pattern matches ten thousand of them', async () => {
    for (let at = 0; at < 100; at++) await write(`hundred/${at}.yaml`, '');
    await mkdir(join(folder, 'many'));
    for (let at = 0; at < 100; at++) await symlink('../hundred', join(folder, 'many', `${at}`));
    expect(await complaintsOf('many/*/*.yaml')).toEqual([
      'gateway.yaml:4:10 include: "many/*/*.yaml" matches more than 1000 files',
    ]);
  });

  it('when they become too many by including more', async () => {
    for (let folderAt = 0; folderAt < 12; folderAt++) {
      for (let at = 0; at < 100; at++) await write(`m${folderAt}/${at}.yaml`, '');
      await write(`top/${folderAt}.yaml`, `include: ../m${folderAt}/*.yaml`);
    }
    const complaints = await complaintsOf('top/*.yaml');
    expect(complaints).toEqual([expect.stringMatching(/^top\/\d\.yaml:1:10 include: more than 1000 files/)]);
  });

  it('when one is huge, or all are together', async () => {
    await write('huge.yaml', `# ${'x'.repeat(50_000_000)}`);
    expect(await complaintsOf('huge.yaml')).toEqual(['gateway.yaml:4:10 include: file "huge.yaml" is larger than 4mb']);
    for (let at = 0; at < 9; at++) await write(`big/${at}.yaml`, `# ${'x'.repeat(4_000_000)}`);
    expect(await complaintsOf('big/*.yaml')).toEqual([
      'gateway.yaml:4:10 include: big/4.yaml and the files before it are too large together',
    ]);
  });

  it('when aliases make them large together', async () => {
    for (let at = 0; at < 50; at++) await write(`bombs/${at}.yaml`, `${bomb}\n`);
    expect(await complaintsOf('bombs/*.yaml')).toEqual([
      expect.stringMatching(/^gateway\.yaml:4:10 include: bombs\/\d+\.yaml and the files before it are too large/),
    ]);
  });

  it.each([
    ['a directory', 'folder', 'file "folder" is a directory (did you mean folder/*.yaml?)'],
    ['a directory that a pattern matches', 'fold*', 'file "folder" is a directory'],
    ['a link to itself', 'loop', 'file "loop" leads through a circle of symbolic links'],
    [
      'a pattern below a link to itself',
      'loop/*.yaml',
      '"loop/*.yaml" needs the folder "loop", which leads through a circle of symbolic links',
    ],
    ['a link into nowhere', 'dangling.*', 'file "dangling.yaml" does not exist'],
    ['a pipe without a writer', 'pipe', 'file "pipe" is not a regular file'],
    ['a device without an end', '/dev/zero', 'file "/dev/zero" is not a regular file'],
    ['a path with a zero byte', '"a\\0b"', expect.stringContaining('cannot be read')],
  ])('when one is %s', async (_what, include, complaint) => {
    await mkdir(join(folder, 'folder'));
    await symlink('loop', join(folder, 'loop'));
    await symlink('nowhere', join(folder, 'dangling.yaml'));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const complaints = await complaintsOf(include);
    expect(complaints.map(line => line.replace('gateway.yaml:4:10 include: ', ''))).toEqual([complaint]);
  });

  it('when a folder leads to itself by a link', async () => {
    await write('sites/a.yaml', '');
    await symlink('.', join(folder, 'sites/again'));
    expect(await complaintsOf('[sites/*.yaml, "sites/*/*.yaml"]')).toEqual([
      'gateway.yaml:4:25 include[1]: sites/again/a.yaml is the file sites/a.yaml, which is included at gateway.yaml:4:11 already',
    ]);
    expect(await complaintsOf(`"sites/${'*/'.repeat(1000)}a.yaml"`)).toEqual([
      expect.stringMatching(/circle of symbolic links$/),
    ]);
  });
});
