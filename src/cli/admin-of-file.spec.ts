import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { AdminConfig } from '../config/file/admin.config.js';
import { adminOfFile } from './admin-of-file.js';

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-admin-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const defaults = { ...new AdminConfig() };

function file(text: string, name = 'gateway.yaml'): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('the admin address of a file', () => {
  it('is what the file says', async () => {
    const path = file('admin: { host: 0.0.0.0, port: 9000 }\nupstreams: {}\n');
    expect(await adminOfFile(path, {})).toEqual({ host: '0.0.0.0', port: 9000 });
  });

  it('may come from the environment', async () => {
    const path = file('admin:\n  host: ${HOST}\n  port: ${PORT:-9000}\n');
    expect(await adminOfFile(path, { HOST: '::1' })).toEqual({ host: '::1', port: 9000 });
    expect(await adminOfFile(path, { HOST: '::1', PORT: '9001' })).toEqual({ host: '::1', port: 9001 });
  });

  it('may stand in files that are included, a part in each', async () => {
    file('admin:\n  port: ${PORT}\n', 'more.yaml');
    const path = file('include: more.yaml\nadmin:\n  host: 10.0.0.1\n');
    expect(await adminOfFile(path, { PORT: '9002' })).toEqual({ host: '10.0.0.1', port: 9002 });
  });

  it('is found in a file with errors of all kinds, since the gateway goes on with the file before', async () => {
    const unknown = file('admin: { port: 9000, nonsense: 1 }\nupstreams: 7\n');
    expect(await adminOfFile(unknown, {})).toEqual({ ...defaults, port: 9000 });
    const syntax = file('admin: { port: 9000 }\nupstreams: { a: [ }\nroutes\n');
    expect(await adminOfFile(syntax, {})).toEqual({ ...defaults, port: 9000 });
    const missing = file('include: nowhere.yaml\nadmin: { port: 9000 }\n');
    expect(await adminOfFile(missing, {})).toEqual({ ...defaults, port: 9000 });
  });

  it.each([
    ['says nothing of it', 'upstreams: {}\n'],
    ['is empty', ''],
    ['has another value there', 'admin: 9000\n'],
    ['says what no port can be', 'admin: { host: [a], port: 70000 }\n'],
    ['lacks a variable', 'admin:\n  port: ${UNSET}\n'],
  ])('is the default where the file %s', async (_, text) => {
    expect(await adminOfFile(file(text), {})).toEqual(defaults);
  });

  it('is the default where there is no such file', async () => {
    expect(await adminOfFile(join(folder, 'nothing.yaml'), {})).toEqual(defaults);
  });
});
