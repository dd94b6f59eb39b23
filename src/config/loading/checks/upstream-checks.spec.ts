import { describe, expect, it } from 'vitest';
import { ConfigError } from '../config-error.js';
import { parseConfig } from '../load-config.js';

/** What is wrong with an upstream that has these keys. */
function complaintsAbout(keys: object): readonly string[] {
  const upstreams = { app: { backends: ['http://127.0.0.1:3001'], ...keys } };
  try {
    parseConfig(JSON.stringify({ upstreams, routes: [{ upstream: 'app' }] }));
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, message, suggestion }) => [path, message, suggestion].filter(Boolean).join(' '));
  }
}

describe('what is passed over in the answers of a backend', () => {
  it('is one of three faults', () => {
    expect(complaintsAbout({ lenient: ['chunk-spaces', 'bare-lf', 'repeated-length'] })).toEqual([]);
    expect(complaintsAbout({ lenient: ['bare-lf', 'chunk-space'] })).toEqual([
      'upstreams.app.lenient[1] found "chunk-space", expected chunk-spaces, bare-lf or repeated-length "chunk-spaces"',
    ]);
  });

  it('is so by the default forwarder, by each of its names, and by none of http-proxy-middleware', () => {
    const lenient = ['bare-lf'];
    expect(complaintsAbout({ lenient, forwarder: 'default' })).toEqual([]);
    expect(complaintsAbout({ lenient, forwarder: 'undici' })).toEqual([]);
    expect(complaintsAbout({ lenient, forwarder: 'http-proxy-middleware' })).toEqual([
      'upstreams.app.lenient http-proxy-middleware reads responses by a parser that cannot be lenient: leave one of the two out',
    ]);
    expect(complaintsAbout({ lenient: [], forwarder: 'http-proxy-middleware' })).toEqual([]);
  });
});
