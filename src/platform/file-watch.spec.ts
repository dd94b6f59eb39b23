import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FileWatch, type WatchTimes } from './file-watch.js';

let folder: string;
let watching: FileWatch | undefined;
const path = (name: string): string => join(folder, name);
const write = (name: string, text: string): void => writeFileSync(path(name), text);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-watch-'));
  write('a.pem', 'one');
});

afterEach(() => {
  watching?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Watches `a.pem`; `usable` says whether the files can be used. */
async function watch(name = 'a.pem', times: WatchTimes = {}, usable = true) {
  const onChange = vi.fn((_last: boolean) => usable);
  watching = new FileWatch([path(name)], onChange, { settle: 10, patience: 30, poll: 60_000, ...times });
  await watching.start();
  return onChange;
}

describe('a watched file', () => {
  it('is noticed when it is written in place', async () => {
    const onChange = await watch();
    write('a.pem', 'another');
    await vi.waitFor(() => expect(onChange).toHaveBeenCalledExactlyOnceWith(false));
  });

  it('is noticed when another file takes its name', async () => {
    const onChange = await watch();
    write('a.new', 'two');
    renameSync(path('a.new'), path('a.pem'));
    await vi.waitFor(() => expect(onChange).toHaveBeenCalledOnce());
  });

  it('is noticed when a symbolic link on its way leads elsewhere, as on Kubernetes', async () => {
    for (const version of ['..v1', '..v2', '..v3']) {
      mkdirSync(path(version));
      write(`${version}/tls.crt`, version);
    }
    symlinkSync('..v1', path('..data'));
    symlinkSync('..data/tls.crt', path('tls.crt'));
    const onChange = await watch('tls.crt');
    for (const [times, version] of ['..v2', '..v3'].entries()) {
      symlinkSync(version, path('..data_tmp'));
      renameSync(path('..data_tmp'), path('..data'));
      await vi.waitFor(() => expect(onChange).toHaveBeenCalledTimes(times + 1));
    }
  });

  it('is noticed by polling when the system reports no changes', async () => {
    mkdirSync(path('v1/deep'), { recursive: true });
    write('v1/deep/a.pem', 'one');
    const onChange = await watch('v1/deep/a.pem', { poll: 20 });
    // The watched folder goes away, and with it the events of the system.
    renameSync(path('v1'), path('old'));
    mkdirSync(path('v1/deep'), { recursive: true });
    write('v1/deep/a.pem', 'two');
    await vi.waitFor(() => expect(onChange).toHaveBeenCalled());
  });

  it('is tried once more when it cannot be used, and then given up', async () => {
    const onChange = await watch('a.pem', {}, false);
    write('a.pem', 'broken');
    await vi.waitFor(() => expect(onChange.mock.calls).toEqual([[false], [true]]));
    write('a.pem', 'broken in another way');
    await vi.waitFor(() => expect(onChange.mock.calls).toEqual([[false], [true], [false], [true]]));
  });

  it('is left alone while its neighbours change', async () => {
    const onChange = await watch('a.pem', { poll: 10 });
    for (let i = 0; i < 20; i++) write('neighbour.log', String(i));
    write('b.pem', 'x');
    const other = vi.fn(() => true);
    const witness = new FileWatch([path('b.pem')], other, { settle: 10, poll: 10 });
    await witness.start();
    write('b.pem', 'xy');
    await vi.waitFor(() => expect(other).toHaveBeenCalled());
    witness.stop();
    expect(onChange).not.toHaveBeenCalled();
  });

  it('is looked at no more once the watch has ended', async () => {
    const onChange = await watch('a.pem', { poll: 5 });
    watching?.stop();
    write('a.pem', 'another');
    const other = vi.fn(() => true);
    const witness = new FileWatch([path('a.pem')], other, { settle: 20, poll: 10 });
    await witness.start();
    write('a.pem', 'a third');
    await vi.waitFor(() => expect(other).toHaveBeenCalled());
    witness.stop();
    expect(onChange).not.toHaveBeenCalled();
  });
});
