-- Takes a place in line for one call, by the generic cell rate algorithm: each
-- limit has a theoretical arrival time, the next one that is free.
--
-- KEYS  the hold, then a key for each limit
-- ARGV  the longest wait that is worth a place, in us, then the interval of
--       each limit in us
--
-- Returns 1 and how long to wait, in us; or 0 and how long it would have been,
-- and no place is taken.
local hold = redis.call('PTTL', KEYS[1])
if hold > 0 then
  return {0, hold * 1000}
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local wait, arrival = 0, {}
for i = 2, #KEYS do
  arrival[i] = math.max(tonumber(redis.call('GET', KEYS[i]) or 0), now)
  wait = math.max(wait, arrival[i] - now)
end
if wait > tonumber(ARGV[1]) then
  return {0, wait}
end
for i = 2, #KEYS do
  local next = arrival[i] + tonumber(ARGV[i])
  redis.call('SET', KEYS[i], string.format('%.0f', next), 'PX', math.ceil((next - now) / 1000))
end
return {1, wait}
