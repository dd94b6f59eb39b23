import { describe, expect, it } from 'vitest';
import { ConfigError } from '../loading/config-error.js';
import { buildUntyped } from '../loading/load-config.js';
import { effectiveConfig } from '../showing/effective-config.js';

const traced = (tracing: object) => buildUntyped({ upstreams: { app: { backends: ['http://a:1'] } }, tracing });

describe('tracing.headers', () => {
  it('are never shown, under any name', () => {
    const config = traced({
      otlp: 'http://user:planted@c:4318',
      headers: { 'X-Team': 'planted', 'x-dataset': 'planted' },
    });
    expect(config.tracing?.headers).toEqual(
      new Map([
        ['x-team', 'planted'],
        ['x-dataset', 'planted'],
      ]),
    );
    const shown = JSON.stringify(effectiveConfig(config));
    expect(shown).toContain('"x-team":"****"');
    expect(shown).not.toContain('planted');
  });

  it.each(['planted\nsecond line', 'planted\u0000', 'planted €'])(
    'that cannot be sent are refused, and not shown',
    value => {
      const load = () => traced({ otlp: 'http://c:4318', headers: { 'x-team': value } });
      expect(load).toThrow(ConfigError);
      expect(load).toThrow(/^tracing\.headers\.x-team: found "\*{4}", expected the value of a header field/);
    },
  );
});
