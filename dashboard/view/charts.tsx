import { signal } from '@preact/signals';
import { beat, history } from '../link/live.js';
import { Kept } from '../link/kept.js';
import { milliseconds, rate } from '../model/format.js';
import type { Columns } from '../model/history.js';
import { Chart, type Line } from './chart.js';

const kept = new Kept('localStorage', 'gatehouse.span');
const spans = [1, 5, 15];
/** Minutes that are shown. */
const span = signal(spans.find(each => String(each) === kept.value) ?? 5);

/** Traffic, errors and latency of the last minutes. */
export function Charts() {
  // Read, so that each status draws.
  void beat.value;
  if (history.size === 0) return null;
  const columns = history.columns(span.value * 60);
  const { p50, p90, p99, times } = columns;
  return (
    <section class="panel" aria-labelledby="charts-title" id="charts">
      <header class="panel-head">
        <h2 id="charts-title">Traffic</h2>
        <fieldset class="segments" aria-label="Minutes that the charts show">
          {spans.map(each => (
            <label key={each}>
              <input type="radio" name="span" checked={span.value === each} onChange={() => choose(each)} />
              <span>{each} min</span>
            </label>
          ))}
        </fieldset>
      </header>
      <div class="charts">
        <Chart title="Requests" unit="a second" scale="linear" times={times} lines={stacked(columns)} write={rate} />
        <Chart title="Errors" unit="a second" scale="linear" times={times} lines={errors(columns)} write={rate} />
        <Chart
          title="Latency"
          unit="of requests"
          scale="logarithmic"
          times={times}
          write={milliseconds}
          writeAxis={each => (each < 1_000 ? `${each} ms` : `${each / 1_000} s`)}
          lines={[
            { name: 'p50', colour: '--chart-p50', kind: 'line', values: p50 },
            { name: 'p90', colour: '--chart-p90', kind: 'line', values: p90, dash: [6, 3] },
            { name: 'p99', colour: '--chart-p99', kind: 'line', values: p99, dash: [2, 2] },
          ]}
        />
      </div>
    </section>
  );
}

function choose(minutes: number): void {
  span.value = minutes;
  kept.value = String(minutes);
}

/** Answers by their status, one on the other; those that are drawn first reach highest. */
function stacked({ broken, moved, refused, succeeded }: Columns): Line[] {
  const layers = [
    { name: '2xx', colour: '--chart-2xx', told: succeeded },
    { name: '3xx', colour: '--chart-3xx', told: moved },
    { name: '4xx', colour: '--chart-4xx', told: refused },
    { name: '5xx', colour: '--chart-5xx', told: broken },
  ];
  const sums = succeeded.map((): number | null => null);
  const lines = layers.map((layer): Line => {
    layer.told.forEach((value, index) => {
      if (value !== null) sums[index] = (sums[index] ?? 0) + value;
    });
    return { ...layer, kind: 'stacked', values: [...sums] };
  });
  return lines.toReversed();
}

function errors({ failed, refused }: Columns): Line[] {
  return [
    { name: 'failed', colour: '--chart-5xx', kind: 'area', values: failed },
    { name: '4xx', colour: '--chart-4xx', kind: 'line', values: refused, dash: [6, 3] },
  ];
}
