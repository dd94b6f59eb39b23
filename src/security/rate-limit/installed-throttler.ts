import { createRequire } from 'node:module';
import type { Type } from '@nestjs/common';

/** The module that makes the store of rate limits the storage of `@nestjs/throttler`; none where that is not installed. */
export async function throttlerStorage(): Promise<readonly Type[]> {
  try {
    createRequire(import.meta.url).resolve('@nestjs/throttler');
  } catch {
    return [];
  }
  const { ThrottlerStorageModule } = await import('./throttler-storage.module.js');
  return [ThrottlerStorageModule];
}
