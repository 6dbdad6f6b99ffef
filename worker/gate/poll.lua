-- Reads all there is to know about gates, with the time of Redis.
--
-- KEYS  the hold, then each gate's hash and its set of receipts that failed
--
-- Returns the seconds and microseconds of now, the ms that the hold still has, and
-- for each gate its names and values, and how many have failed.
local time = redis.call('TIME')
local reply = {time[1], time[2], redis.call('PTTL', KEYS[1])}
for i = 2, #KEYS, 2 do
  reply[#reply + 1] = redis.call('HGETALL', KEYS[i])
  reply[#reply + 1] = redis.call('ZCARD', KEYS[i + 1])
end
return reply
