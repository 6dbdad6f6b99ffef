-- Deletes a task from the archive of its queue, unless it has left it meanwhile:
-- the same ID may have been asked for anew.
--
-- KEYS  the task, the archive
-- ARGV  task ID
if redis.call('HGET', KEYS[1], 'state') == 'archived' and redis.call('ZREM', KEYS[2], ARGV[1]) == 1 then
  local lock = redis.call('HGET', KEYS[1], 'unique_key') -- of a producer that uses Asynq's Unique
  if lock and lock ~= '' and redis.call('GET', lock) == ARGV[1] then
    redis.call('DEL', lock)
  end
  redis.call('DEL', KEYS[1])
end
return 0
