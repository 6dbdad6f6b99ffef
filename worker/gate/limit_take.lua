-- Takes a place in line for one call, by the generic cell rate algorithm: each
-- limit has a theoretical arrival time, the next one that is free.
--
-- KEYS  the hold, then a key for each limit
-- ARGV  the longest wait that is worth a place, in us, then the interval of
--       each limit in us
--
-- Returns 1 and how long to wait, in us, or 0 and how long it would have been, and no
-- place is taken; then the keys whose time was out of range, and counts as absent:
-- farther ahead than an interval and the second for which a call waits.
local hold, odd = redis.call('PTTL', KEYS[1]), {}
if hold > 0 and hold <= 3600000 then
  return {0, hold * 1000, odd}
end
local time = redis.call('TIME')
local now, wait, arrival = tonumber(time[1]) * 1000000 + tonumber(time[2]), 0, {}
for i = 2, #KEYS do
  local at = redis.pcall('GET', KEYS[i]) or '0'
  local next = type(at) == 'string' and tonumber(at)
  if not (next and next - now <= 1000000 + tonumber(ARGV[i])) then -- nor NaN
    odd[#odd + 1], next = KEYS[i] .. ' is ' .. (type(at) == 'string' and at or 'of the wrong type'), 0
  end
  arrival[i] = math.max(next, now)
  wait = math.max(wait, arrival[i] - now)
end
for i = 2, wait > tonumber(ARGV[1]) and 0 or #KEYS do
  local next = arrival[i] + tonumber(ARGV[i])
  redis.call('SET', KEYS[i], string.format('%.0f', next), 'PX', math.ceil((next - now) / 1000))
end
return {wait > tonumber(ARGV[1]) and 0 or 1, wait, odd}
