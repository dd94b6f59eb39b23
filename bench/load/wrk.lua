-- Arguments: method, body size, path, number of routes (0: one path; n: /r0 … /r<n-1> before the path, in turn).

function init(args)
  local method, body_bytes, path, routes = args[1], tonumber(args[2]), args[3], tonumber(args[4])
  wrk.method = method
  wrk.path = path
  if body_bytes > 0 then
    wrk.body = string.rep("x", body_bytes)
  end
  if routes > 0 then
    local requests, next_route = {}, 0
    for route = 0, routes - 1 do
      requests[route] = wrk.format(nil, "/r" .. route .. path)
    end
    function request()
      next_route = (next_route + 1) % routes
      return requests[next_route]
    end
  end
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests":%d,"seconds":%.6f,"bytes":%d,"errors":%d,"p50":%.3f,"p99":%.3f}\n',
    summary.requests, summary.duration / 1e6, summary.bytes,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
