import { describe, expect, it } from 'vitest';
import { parseResult } from '#bench/load/load';

describe('the report of a load generator', () => {
  it('is found among other output', () => {
    const json = '{"requests":10,"seconds":1.5,"bytes":2048,"errors":0,"p50":1.2,"p99":3.4}';
    const output = `Running 1s test\n  10 requests\n\nRESULT ${json}\n`;
    expect(parseResult(output)).toMatchObject({ requests: 10, seconds: 1.5, p99: 3.4 });
  });

  it('is missed when it is not there', () => {
    expect(() => parseResult('unable to connect')).toThrow(/unable to connect/);
  });
});
