-- Extends the lease of a running attempt, unless it has finished or a newer
-- one has begun.
--
-- ARGV  fence, lease in ms, imp_uid
local outcome, leased_until = outcomeKey(ARGV[4]), text(millis + ARGV[3])
local was = redis.call('HMGET', outcome, 'fence', 'leased_until')
if was[2] and tonumber(was[1]) == tonumber(ARGV[2]) then
  redis.call('HSET', outcome, 'leased_until', leased_until)
  redis.call('ZADD', openKey, leased_until, ARGV[4])
  return 1
end
return 0
