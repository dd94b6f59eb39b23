import { signal, type Signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { colours } from '../link/theme.js';
import { clock } from '../model/format.js';

/** A line of a chart, or an area. */
export interface Line {
  readonly name: string;
  /** Name of the CSS property with its colour. */
  readonly colour: string;
  readonly kind: 'line' | 'area' | 'stacked';
  readonly dash?: readonly number[];
  /** What is drawn; null: nothing is known. */
  readonly values: readonly (number | null)[];
  /** What is written in the legend where it is not what is drawn. */
  readonly told?: readonly (number | null)[];
}

/** Place in the columns at which the pointer is, in whichever chart; null: nowhere. */
const pointed: Signal<number | null> = signal(null);

const height = 150;

/** A chart over time, with a legend that tells the values at the pointer, or else the last ones. */
export function Chart(props: {
  readonly title: string;
  readonly unit: string;
  readonly scale: 'linear' | 'logarithmic';
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  readonly write: (value: number) => string;
  /** For the axis; absent: as the values, without `.0`. */
  readonly writeAxis?: (value: number) => string;
}) {
  const { lines, scale, times, title, unit, write } = props;
  const { writeAxis = each => write(each).replace(/\.0(?=\D|$)/, '') } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const data = [times, ...lines.map(({ values }) => values)] as unknown as uPlot.AlignedData;
  const latest = useRef(data);
  latest.current = data;
  const scheme = colours.value;

  useEffect(() => {
    const element = place.current!;
    const options = optionsOf(element.clientWidth, scale, lines, writeAxis);
    const made = new uPlot(options, latest.current, element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [scheme]);

  useEffect(() => plot.current?.setData(data), [times]);

  const at = pointed.value === null || pointed.value >= times.length ? times.length - 1 : pointed.value;
  const told = lines.map(line => {
    const value = (line.told ?? line.values)[at];
    return { ...line, text: value === null || value === undefined ? '–' : write(value) };
  });
  const last = told.map(({ name, text }) => `${name} ${text}`).join(', ');
  return (
    <figure class="chart">
      <figcaption>
        <span class="chart-title">
          {title} <span class="muted">{unit}</span>
        </span>
        <span class="legend">
          {told.map(({ colour, dash, kind, name, text }) => (
            <span key={name} class="key">
              <i class={kind === 'line' ? 'stroke' : 'swatch'} style={keyStyle(colour, dash)} aria-hidden="true" />
              {name} <b>{text}</b>
            </span>
          ))}
        </span>
      </figcaption>
      <div ref={place} class="plot" role="img" aria-label={`${title}, ${unit}: ${last}`} />
    </figure>
  );
}

function keyStyle(colour: string, dash: readonly number[] | undefined) {
  const style = dash === undefined ? 'solid' : dash[0]! > 3 ? 'dashed' : 'dotted';
  return { background: `var(${colour})`, borderColor: `var(${colour})`, borderTopStyle: style };
}

function optionsOf(
  width: number,
  scale: 'linear' | 'logarithmic',
  lines: readonly Line[],
  write: (value: number) => string,
): uPlot.Options {
  const colourOf = readColours();
  const axis: uPlot.Axis = {
    stroke: colourOf('--muted'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: colourOf('--grid'), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: 'traffic' }, drag: { x: false, y: false }, points: { size: 5 }, y: false },
    scales: {
      x: { time: true },
      y: scale === 'linear' ? { range: (_, __, max) => [0, roomy(max)] } : { distr: 3, range: decades },
    },
    axes: [
      { ...axis, size: 24, gap: 4, space: 80, values: timeLabels },
      {
        ...axis,
        size: 52,
        gap: 6,
        space: 30,
        ...(scale === 'logarithmic' && { filter: decade, grid: { ...axis.grid, filter: decade } }),
        values: (_, splits) => splits.map(each => (each === null ? '' : write(each))),
      },
    ],
    series: [
      {},
      ...lines.map(({ colour, dash, kind, name }): uPlot.Series => {
        const ink = colourOf(colour);
        return {
          label: name,
          stroke: ink,
          width: kind === 'stacked' ? 0 : 1.5,
          points: { show: false },
          ...(dash !== undefined && { dash: [...dash] }),
          ...(kind === 'stacked' && { fill: ink }),
          ...(kind === 'area' && { fill: ink.replace('rgb(', 'rgba(').replace(')', ', 0.16)') }),
        };
      }),
    ],
    hooks: { setCursor: [({ cursor: { idx } }) => (pointed.value = idx ?? null)] },
  };
}

/** The top of an axis: a little above what is shown. */
function roomy(max: number | null): number {
  return max === null || max <= 0 ? 1 : max * 1.15;
}

/** Whole powers of ten around what is shown. */
function decades(_: uPlot, min: number | null, max: number | null): [number, number] {
  if (min === null || max === null) return [1, 1_000];
  const low = 10 ** Math.floor(Math.log10(Math.max(min, 0.01)));
  const high = 10 ** Math.ceil(Math.log10(Math.max(max, 0.1)));
  return [low, high > low ? high : low * 10];
}

/** Leaves those of the places of an axis that are powers of ten. */
function decade(_: uPlot, splits: number[]): (number | null)[] {
  return splits.map(each => (Number.isInteger(Math.round(Math.log10(each) * 1e6) / 1e6) ? each : null));
}

/** Times of an axis: without seconds where these are nought. What would stand below the other axis, or beyond the edge, is left out. */
function timeLabels({ scales }: uPlot, splits: number[]): string[] {
  const { max = 0, min = 0 } = scales['x'] ?? {};
  const written = splits.map(each => clock(each * 1_000));
  const isWhole = written.every(each => each.endsWith(':00'));
  return written.map((each, index) => {
    if (Math.min(splits[index]! - min, max - splits[index]!) < (max - min) / 14) return '';
    return isWhole ? each.slice(0, 5) : each;
  });
}

/** Reads CSS properties as colours that a canvas takes. */
function readColours(): (name: string) => string {
  const probe = document.body.appendChild(document.createElement('span'));
  const read = (name: string): string => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  // The probe is needed until the options are made, which is at once.
  queueMicrotask(() => probe.remove());
  return read;
}
