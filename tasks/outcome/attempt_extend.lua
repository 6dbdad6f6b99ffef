-- Extends the lease of a running attempt, unless it has finished or a newer one has begun,
-- and returns 1 if it may still call: its request is not an earlier one.
--
-- ARGV  fence, lease in ms, imp_uid
local imp_uid, outcome, till = ARGV[4], outcomeKey(ARGV[4]), text(millis + ARGV[3])
local fence, leased_until, request = unpack(redis.call('HMGET', outcome, 'fence', 'leased_until', 'request'))
if leased_until and tonumber(fence) == tonumber(ARGV[2]) then
  redis.call('HSET', outcome, 'leased_until', till)
  redis.call('ZADD', openKey, till, imp_uid)
  return current({request = request}, {id = redis.call('HGET', requestKey(imp_uid), 'id')}) and 1 or 0
end
return 0
