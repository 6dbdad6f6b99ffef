-- Extends the lease of a running attempt, unless it has finished or a newer
-- one has begun.
--
-- KEYS[1]  outcome hash
-- ARGV     fence, lease in ms
local was = redis.call('HMGET', KEYS[1], 'fence', 'leased_until')
if was[2] and tonumber(was[1]) == tonumber(ARGV[1]) then
  local time = redis.call('TIME')
  local until_ms = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) + tonumber(ARGV[2])
  redis.call('HSET', KEYS[1], 'leased_until', string.format('%.0f', until_ms))
  return 1
end
return 0
