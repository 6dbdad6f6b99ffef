-- Counts a heartbeat of a worker. A count below one that the worker has seen means
-- that Redis lost what it had confirmed.
--
-- KEYS  the worker's count
-- ARGV  the greatest count that the worker has seen, life of the count in ms
--
-- Returns the new count, and for how many ms attempts are uncertain from now on,
-- below 0 if they are not.
local seen, life, lossyKey = tonumber(ARGV[2]), ARGV[3], prefix .. 'lossy'
local beats = tonumber(redis.call('GET', KEYS[1]) or '') or 0
if beats < seen then
  redis.call('SET', lossyKey, text(millis + life), 'PX', life)
end
beats = math.max(beats, seen) + 1
redis.call('SET', KEYS[1], text(beats), 'PX', life)
local left = redis.call('PTTL', lossyKey)
return {beats, left == -1 and tonumber(life) or left} -- a person may have set no end
