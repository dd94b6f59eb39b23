declare module 'autocannon' {
  interface Options {
    url: string;
    connections: number;
    duration: number;
    timeout: number;
    requests: { method: string; path: string; body?: string }[];
  }
  interface Result {
    duration: number;
    errors: number;
    non2xx: number;
    '2xx': number;
    latency: { p50: number; p99: number };
    throughput: { total: number };
  }
  export default function autocannon(options: Options): Promise<Result>;
}
