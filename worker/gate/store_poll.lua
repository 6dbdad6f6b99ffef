-- Reads all there is to know about gates, with the time of Redis.
--
-- KEYS  the hold, then each gate's hash and its set of receipts that failed
--
-- Returns the seconds and microseconds of now, the ms that the hold still has, and for each
-- gate its names and values, and how many have failed; "wrong type" for a key of another type.
local time = redis.call('TIME')
local reply = {time[1], time[2], redis.call('PTTL', KEYS[1])}
for i = 2, #KEYS do
  local found = redis.pcall(i % 2 == 0 and 'HGETALL' or 'ZCARD', KEYS[i])
  reply[#reply + 1] = type(found) == 'table' and found.err and 'wrong type' or found
end
return reply
