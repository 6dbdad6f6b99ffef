-- Extends the lease of a running attempt, unless it has finished or a newer
-- one has begun.
--
-- KEYS  outcome hash, set of the open ones
-- ARGV  fence, lease in ms, imp_uid
local was = redis.call('HMGET', KEYS[1], 'fence', 'leased_until')
if was[2] and tonumber(was[1]) == tonumber(ARGV[1]) then
  local time = redis.call('TIME')
  local leased_until = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) + tonumber(ARGV[2])
  redis.call('HSET', KEYS[1], 'leased_until', string.format('%.0f', leased_until))
  redis.call('ZADD', KEYS[2], leased_until, ARGV[3])
  return 1
end
return 0
