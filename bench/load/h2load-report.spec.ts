import { describe, expect, it } from 'vitest';
import { readReport } from '#bench/load/h2load-report';

const report = `starting benchmark...
Application protocol: h2

finished in 1.50s, 2.00 req/s, 1.85MB/s
requests: 3 total, 67 started, 3 done, 3 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 3 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 1.85MB (1935869) total, 1.09MB (1142631) headers (space savings 50.51%), 3.00KB (3072) data
                     min         max         mean         sd        +/- sd
time for request:      167us      9.25ms      1.92ms       934us    74.60%
`;
const log = '1796028330990031\t200\t500\n1796028330990032\t200\t1000\n1796028330990034\t200\t9000\n';

describe('the report of h2load', () => {
  it('tells of answers, bytes and the time that requests took', () => {
    expect(readReport(report, log, 1024)).toEqual({
      ...{ requests: 3, seconds: 1.5, bytes: 3072, errors: 0, p50: 1, p99: 9 },
    });
  });

  it('has an error for each answer of 400 and over, and for each that broke off', () => {
    const failing = report.replace('3 succeeded, 0 failed, 0 errored', '1 succeeded, 2 failed, 1 errored');
    expect(readReport(failing, log, 1024)).toMatchObject({ requests: 1, errors: 2 });
  });

  it('has an error when the bodies are shorter than they should be', () => {
    expect(readReport(report, log, 1025).errors).toBe(1);
  });

  it('is missed when it is not there', () => {
    expect(() => readReport('cannot connect', '', 1024)).toThrow(/cannot connect/);
  });
});
