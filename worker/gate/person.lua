-- Makes the pause of a queue a person's, unless it is one.
--
-- KEYS  asynq:{<queue>}:paused
-- ARGV  what stands in the mark of a gate's pause
--
-- Returns 1 if it was done.
local was = redis.call('GET', KEYS[1])
if was and not string.find(was, ARGV[1], 1, true) then
  return 0
end
redis.call('SET', KEYS[1], redis.call('TIME')[1])
return 1
