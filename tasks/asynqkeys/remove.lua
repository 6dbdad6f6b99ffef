-- Deletes a task that is finished, and only shown: archived or completed.
--
-- KEYS  the task, the archive of its queue, its completed tasks
-- ARGV  task ID
--
-- Returns the state that it had; empty if there is no such task.
local state = redis.call('HGET', KEYS[1], 'state') or ''
if state == 'archived' or state == 'completed' then
  redis.call('ZREM', KEYS[2], ARGV[1])
  redis.call('ZREM', KEYS[3], ARGV[1])
  local lock = redis.call('HGET', KEYS[1], 'unique_key') -- of a producer that uses Asynq's Unique
  if lock and lock ~= '' and redis.call('GET', lock) == ARGV[1] then
    redis.call('DEL', lock)
  end
  redis.call('DEL', KEYS[1])
end
return state
