/** Numbers, durations and times as the dashboard writes them: short, with few digits, and of one width where they stand below each other. */

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** A whole number, with commas between thousands: `1,423`. */
export function count(value: number): string {
  return grouped.format(value);
}

/** Something a second: three digits or so, such as `0.4`, `23.7`, `1,423` or `12.3k`. */
export function rate(value: number): string {
  if (value >= 10_000) return `${(value / 1_000).toFixed(value >= 100_000 ? 0 : 1)}k`;
  return value >= 100 ? grouped.format(value) : value.toFixed(1);
}

/** A share of 0 to 1 as percent. One that is not nought never shows as `0 %`, and one below all never as `100 %`. */
export function percent(share: number): string {
  if (share <= 0) return '0 %';
  if (share < 0.001) return '<0.1 %';
  const text = (share * 100).toFixed(share < 0.1 ? 1 : 0);
  return `${share < 1 && text === '100' ? '>99' : text} %`;
}

/** Milliseconds as `4.2 ms`, `133 ms`, `2.5 s` or `1.4 min`. */
export function milliseconds(value: number): string {
  if (value < 10) return `${value.toFixed(1)} ms`;
  if (value < 1_000) return `${Math.round(value)} ms`;
  if (value < 60_000) return `${(value / 1_000).toFixed(value < 10_000 ? 1 : 0)} s`;
  return `${(value / 60_000).toFixed(1)} min`;
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** How long something lasts, in its two largest units: `3 h 12 min`, `45 s`; `0 s` below a second. */
export function duration(ms: number): string {
  const first = units.findIndex(([, size]) => ms >= size);
  if (first < 0) return '0 s';
  const [name, size] = units[first]!;
  const whole = `${Math.floor(ms / size)} ${name}`;
  const next = units[first + 1];
  const rest = next === undefined ? 0 : Math.floor((ms % size) / next[1]);
  return rest === 0 ? whole : `${whole} ${rest} ${next![0]}`;
}

/** What is left until a time, as a countdown: whole seconds, rounded up, and never below one; whole minutes from ten on: `8 s`, `29 min`. */
export function countdown(ms: number): string {
  const step = ms > 600_000 ? 60_000 : 1_000;
  return duration(Math.max(1, Math.ceil(ms / step)) * step);
}

const sizes = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** Bytes as `512 B`, `1.4 KiB` or `54 MiB`. */
export function bytes(value: number): string {
  let [size, unit] = [value, 0];
  while (size >= 1_024 && unit < sizes.length - 1) [size, unit] = [size / 1_024, unit + 1];
  return `${unit === 0 || size >= 10 ? Math.round(size) : size.toFixed(1)} ${sizes[unit]}`;
}

/** The time of day of a moment where the reader is: `17:54:53`. */
export function clock(time: string | number): string {
  const at = new Date(time);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map(each => String(each).padStart(2, '0')).join(':');
}

/** A moment in full, for titles: date, time and zone. */
export function moment(time: string): string {
  const at = new Date(time);
  const date = [at.getFullYear(), at.getMonth() + 1, at.getDate()].map(each => String(each).padStart(2, '0')).join('-');
  return `${date} ${clock(time)}`;
}

/** `1 backend`, `2 backends`. */
export function plural(value: number, noun: string, several = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : several}`;
}
