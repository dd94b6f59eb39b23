import { describe, expect, it } from 'vitest';
import { newRequestId } from './request-id.js';

describe('a new request id', () => {
  it('is a UUID of version 4, and never the same', () => {
    const ids = Array.from({ length: 3000 }, newRequestId);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('has random digits everywhere but at its version', () => {
    const ids = Array.from({ length: 1000 }, newRequestId);
    const kinds = Array.from({ length: 36 }, (_, at) => new Set(ids.map(id => id[at])).size);
    const fixed = { 8: 1, 13: 1, 14: 1, 18: 1, 19: 4, 23: 1 } as Readonly<Record<number, number>>;
    expect(kinds).toEqual(Array.from({ length: 36 }, (_, at) => fixed[at] ?? 16));
  });
});
