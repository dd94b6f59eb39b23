/** A part of the page of metrics. */
interface MetricGroup {
  readonly title: string;
  /** The names of its metrics begin so. */
  readonly names: RegExp;
  /** A sentence before the list. Default: none. */
  readonly about?: string;
}

/** The parts of the page, in their order. Each metric belongs to the first whose pattern fits. */
export const metricGroups: readonly MetricGroup[] = [
  {
    title: 'Requests',
    names: /^gatehouse_(?:requests?_|errors_|limit_|response_body_)/,
    about: 'Rate, errors and duration of what clients ask for, by route.',
  },
  {
    title: 'Backends',
    names: /^gatehouse_(?:attempts?_|backend_|probes_)/,
    about:
      'Rate, errors and duration of what backends are asked for. An exchange has several attempts when it is tried again.',
  },
  {
    title: 'Retries, hedges, fallbacks',
    names: /^gatehouse_(?:retr|hedges_|fallbacks_)/,
  },
  { title: 'Circuit breakers', names: /^gatehouse_circuit_/ },
  {
    title: 'Connections and queues',
    names: /^gatehouse_(?:queue_|pool_|connections_|client_memory_)/,
  },
  { title: 'Rate limits', names: /^gatehouse_rate_limit_/ },
  {
    title: 'WebSockets and event streams',
    names: /^gatehouse_(?:tunnels?_|websocket_|event_streams_|stream_)/,
  },
  { title: 'Finding backends', names: /^gatehouse_discovery_/ },
  { title: 'Certificates', names: /^gatehouse_certificate_/ },
  { title: 'Configuration', names: /^gatehouse_config_/ },
  {
    title: 'The program and its threads',
    names: /^gatehouse_(?:build_|workers$|worker_|event_loop_|heap_|log_|trace_)/,
  },
  {
    title: 'The process',
    names: /^(?:process|nodejs)_/,
    about:
      'Those of [prom-client](https://github.com/siimon/prom-client). CPU time, resident memory and descriptors are those of the whole process; the event loop, the heap and the garbage collector those of the main thread alone, which with workers carries no traffic.',
  },
];
