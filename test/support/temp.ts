import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeLater } from './cleanup.js';

/** A new empty folder, removed with all that is in it when the test has finished. */
export async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-'));
  closeLater(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}
