/**
 * Counts a request in all cells of KEYS or, when one of them is exhausted, in none. ARGV: interval and tolerance of each, in
 * nanoseconds. Gives the backlog of each with the request, in nanoseconds. Uses the clock of the Redis server, so that the
 * clocks of the gateways do not matter.
 *
 * A cell is its theoretical arrival time as `seconds:nanoseconds`, since the two together are more than a Lua number holds
 * exactly. It expires when it is as good as unused. A backlog is at most the tolerance, so that a clock that was set back
 * delays no client longer than the limit itself.
 */
export const takeScript = `
local time = redis.call('TIME')
local s, n = tonumber(time[1]), tonumber(time[2]) * 1000
local backlogs, open = {}, true
for i, key in ipairs(KEYS) do
  local interval, tolerance = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local backlog = 0
  local seconds, rest = string.match(redis.call('GET', key) or '', '^(%d+):(%d+)$')
  if seconds then
    backlog = (tonumber(seconds) - s) * 1e9 + tonumber(rest) - n
    backlog = math.max(0, backlog)
    if interval > 0 then backlog = math.min(backlog, tolerance) end
  end
  backlogs[i] = backlog + interval
  if backlogs[i] > tolerance then open = false end
end
if open then
  for i, key in ipairs(KEYS) do
    if tonumber(ARGV[2 * i - 1]) > 0 then
      local arrival = n + backlogs[i]
      local cell = string.format('%.0f:%.0f', s + math.floor(arrival / 1e9), arrival % 1e9)
      redis.call('SET', key, cell, 'PX', string.format('%.0f', math.ceil(backlogs[i] / 1e6)))
    end
  end
end
return backlogs
`;
