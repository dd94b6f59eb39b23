import { describe, expect, it } from 'vitest';
import { mostConnections } from './open-files.js';

describe('the descriptors of the process', () => {
  it('leave one for a backend beside each of a client, and some for the rest', () => {
    expect(
      mostConnections(() => 'Limit\nMax open files            1024                 4096                 files\n'),
    ).toBe(480);
    expect(mostConnections(() => 'Max open files            64            64            files\n')).toBe(1);
  });

  it('set no limit where the system tells none', () => {
    expect(mostConnections(() => '')).toBe(Infinity);
    expect(mostConnections(() => 'Max open files            unlimited            unlimited     files\n')).toBe(
      Infinity,
    );
  });
});
