import { describe, expect, it } from 'vitest';
import { acceptedFormat } from './accepted-format.js';

describe('the format of a scrape', () => {
  it.each([
    ['Prometheus 2', 'application/openmetrics-text; version=1.0.0,application/openmetrics-text; version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'], // prettier-ignore
    ['Prometheus 3', 'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.2'], // prettier-ignore
    ['one that asks for any version', 'application/openmetrics-text'],
    ['one that writes it in its own way', 'Application/OpenMetrics-Text ; Version="1.0.0" ; Q=0.5'],
    ['one that likes both', 'text/plain, application/openmetrics-text'],
  ])('is OpenMetrics for %s', (_, accept) => {
    expect(acceptedFormat(accept)).toBe('openmetrics');
  });

  it.each([
    ['nothing', undefined],
    ['an empty text', ''],
    ['a browser', 'text/html,application/xhtml+xml,*/*;q=0.8'],
    ['curl', '*/*'],
    ['one that wants another version', 'application/openmetrics-text;version=2.0.0'],
    ['one that likes text more', 'text/plain;q=0.9,application/openmetrics-text;q=0.5'],
    ['one that does not want it', 'application/openmetrics-text;q=0'],
    ['one that asks for what is no number', 'application/openmetrics-text;q=x'],
    ['rubbish', ';;,=,q=,,;version'.repeat(10_000)],
  ])('is the text format for %s', (_, accept) => {
    expect(acceptedFormat(accept)).toBe('prometheus');
  });
});
