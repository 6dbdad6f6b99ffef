-- Reads the message of a task that is at work or in the archive.
--
-- KEYS  the task, the leases of its queue, its archive
-- ARGV  task ID
--
-- Returns the message, empty if there is none, or nothing if the task is in
-- neither.
if redis.call('ZSCORE', KEYS[2], ARGV[1]) or redis.call('ZSCORE', KEYS[3], ARGV[1]) then
  return redis.call('HGET', KEYS[1], 'msg') or ''
end
return false
