-- Replaces the mark that pauses a queue, or removes it, if it is the one that the
-- caller has seen.
--
-- KEYS  asynq:{<queue>}:paused
-- ARGV  the mark that was seen, the new one, each "" for none
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then
  return 0
end
redis.call('DEL', KEYS[1])
if ARGV[2] ~= '' then
  redis.call('SET', KEYS[1], ARGV[2])
end
return 1
