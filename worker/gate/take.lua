-- Takes a place in line for one call, by the generic cell rate algorithm: each
-- limit has a theoretical arrival time, the next one that is free.
--
-- KEYS  the hold, then a key for each limit
-- ARGV  the longest wait that is worth a place, in us, then the interval of
--       each limit in us
--
-- Returns 1 and how long to wait, in us; or 0 and how long it would have been,
-- and no place is taken; then the keys whose value was out of range, and counted as
-- absent: farther ahead than the second for which a call waits, and an interval.
local hold, odd = redis.call('PTTL', KEYS[1]), {}
if hold > 0 and hold <= 3600000 then
  return {0, hold * 1000, odd}
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local wait, arrival = 0, {}
for i = 2, #KEYS do
  local at = redis.call('GET', KEYS[i]) or '0'
  if not tonumber(at) or tonumber(at) - now > 1000000 + tonumber(ARGV[i]) then
    odd[#odd + 1] = KEYS[i] .. ' is ' .. at
    at = '0'
  end
  arrival[i] = math.max(tonumber(at), now)
  wait = math.max(wait, arrival[i] - now)
end
if wait > tonumber(ARGV[1]) then
  return {0, wait, odd}
end
for i = 2, #KEYS do
  local next = arrival[i] + tonumber(ARGV[i])
  redis.call('SET', KEYS[i], string.format('%.0f', next), 'PX', math.ceil((next - now) / 1000))
end
return {1, wait, odd}
