-- Pauses a queue for a person, unless a person has paused it. A gate's pause becomes
-- the person's.
--
-- KEYS  asynq:{<queue>}:paused
-- ARGV  the person's mark
-- Returns the mark that was there, nothing if there was none
local was = redis.call('GET', KEYS[1])
if not was or string.find(was, '^[^ ]* gate [^ ]+ ') then
  redis.call('SET', KEYS[1], ARGV[1])
end
return was
