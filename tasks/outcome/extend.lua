-- Extends the lease of a running attempt, unless it has finished or a newer one has begun,
-- and returns 1 if it may still call: its request is not an earlier one.
--
-- ARGV  fence, lease in ms, imp_uid
local outcome, leased_until = outcomeKey(ARGV[4]), text(millis + ARGV[3])
local was = redis.call('HMGET', outcome, 'fence', 'leased_until', 'request')
if was[2] and tonumber(was[1]) == tonumber(ARGV[2]) then
  redis.call('HSET', outcome, 'leased_until', leased_until)
  redis.call('ZADD', openKey, leased_until, ARGV[4])
  return current({request = was[3]}, {id = redis.call('HGET', requestKey(ARGV[4]), 'id')}) and 1 or 0
end
return 0
