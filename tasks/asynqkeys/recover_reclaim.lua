-- Puts a task back on its queue whose worker has died, as the next to be taken.
--
-- KEYS  the queue's active tasks, their leases, its pending tasks, the task
-- ARGV  task ID, when its lease must have ended, in seconds, and now, in nanoseconds
--
-- Returns 1, or 0 if it has a live worker or is no longer at work.
local ends = redis.call('ZSCORE', KEYS[2], ARGV[1])
if not ends or tonumber(ends) > tonumber(ARGV[2]) then
  return 0
end
redis.call('ZREM', KEYS[2], ARGV[1])
local listed = redis.call('LREM', KEYS[1], 0, ARGV[1]) > 0
local state = redis.call('HGET', KEYS[4], 'state')
if state ~= 'active' and not (listed and state == 'pending') then -- one that a person moved has its old state
  return 0
end
if state == 'pending' then -- it may be in line by now
  redis.call('LREM', KEYS[3], 0, ARGV[1])
end
redis.call('RPUSH', KEYS[3], ARGV[1])
redis.call('HSET', KEYS[4], 'state', 'pending', 'pending_since', ARGV[3])
return 1
