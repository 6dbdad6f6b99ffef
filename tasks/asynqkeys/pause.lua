-- Pauses a queue, unless it is paused with a mark that stays.
--
-- KEYS  asynq:{<queue>}:paused
-- ARGV  the mark, the pattern of marks that it replaces
-- Returns the mark that was there, nothing if there was none
local was = redis.call('GET', KEYS[1])
if not was or string.find(was, ARGV[2]) then
  redis.call('SET', KEYS[1], ARGV[1])
end
return was
