-- Reads all there is to know about gates, with the time of Redis.
--
-- KEYS  the hold, then the gates' hashes
--
-- Returns the seconds and microseconds of now, the ms that the hold still has,
-- and each gate's names and values.
local time = redis.call('TIME')
local reply = {time[1], time[2], redis.call('PTTL', KEYS[1])}
for i = 2, #KEYS do
  reply[#reply + 1] = redis.call('HGETALL', KEYS[i])
end
return reply
