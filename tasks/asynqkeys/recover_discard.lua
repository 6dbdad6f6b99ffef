-- Deletes a task that Asynq cannot read from where it can lie for ever: at work
-- or in the archive.
--
-- KEYS  the task, the leases of its queue, its archive, its active tasks
-- ARGV  task ID, what could not be read
--
-- Returns 1, or 0 if the ID has another message by now.
if (redis.call('HGET', KEYS[1], 'msg') or '') ~= ARGV[2] then
  return 0
end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('LREM', KEYS[4], 0, ARGV[1])
redis.call('DEL', KEYS[1])
return 1
