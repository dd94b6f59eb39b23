/** A question that operators have, and the expression that answers it. */
interface Query {
  readonly question: string;
  readonly promql: string;
}

/** The questions at the top of the page of metrics. A test parses them, and looks up each metric and label. */
export const queries: readonly Query[] = [
  {
    question: 'How many requests a second has each route?',
    promql: 'sum by (route) (rate(gatehouse_requests_total[5m]))',
  },
  {
    question: 'Which share of them fails?',
    promql:
      'sum by (route) (rate(gatehouse_requests_total{status=~"5.."}[5m]))\n  / sum by (route) (rate(gatehouse_requests_total[5m]))',
  },
  {
    question: 'How long do 99 of 100 take at most?',
    promql: 'histogram_quantile(0.99, sum by (le, route) (rate(gatehouse_request_duration_seconds_bucket[5m])))',
  },
  {
    question: 'Why do they fail, or why are they refused?',
    promql: 'topk(10, sum by (route, code, status, policy) (rate(gatehouse_errors_total[5m])))',
  },
  {
    question: 'Which limit bites?',
    promql: 'topk(10, sum by (route, limit) (rate(gatehouse_limit_refusals_total[5m])) > 0)',
  },
  {
    question: 'Which backend fails more than the others?',
    promql:
      'sum by (upstream, backend) (rate(gatehouse_attempts_total{outcome="failure"}[5m]))\n  / sum by (upstream, backend) (rate(gatehouse_attempts_total[5m]))',
  },
  {
    question: 'Which is slower than the others?',
    promql:
      'histogram_quantile(0.95, sum by (le, upstream, backend) (rate(gatehouse_backend_response_duration_seconds_bucket[5m])))',
  },
  {
    question: 'Which backends get no requests, and of which is the circuit open?',
    promql: 'gatehouse_backend_available == 0 or gatehouse_circuit_state == 2',
  },
  {
    question: 'How long do requests wait for a backend, and how many do now?',
    promql:
      'histogram_quantile(0.99, sum by (le, upstream) (rate(gatehouse_queue_duration_seconds_bucket[5m])))\n  or sum by (upstream) (gatehouse_pool_pending)',
  },
  {
    question: 'How much do retries add to what backends get?',
    promql:
      'sum by (upstream) (rate(gatehouse_retries_total[5m])) / sum by (upstream) (rate(gatehouse_attempts_total[5m]))',
  },
  {
    question: 'How many WebSockets and event streams are open?',
    promql: '(sum(gatehouse_tunnels_open) or vector(0)) + (sum(gatehouse_event_streams_open) or vector(0))',
  },
  {
    question: 'How many days are left of each certificate?',
    promql: '(min by (certificate) (gatehouse_certificate_expiry_timestamp_seconds) - time()) / 86400',
  },
  {
    question: 'Do all instances have the same configuration? More than 1: no.',
    promql: 'count(count by (hash) (count_values by (job) ("hash", gatehouse_config_hash)))',
  },
  {
    question: 'How busy is each thread? 1: it has no time left.',
    promql: 'rate(gatehouse_event_loop_busy_seconds_total[1m])',
  },
];
