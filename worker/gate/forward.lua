-- Moves tasks of a queue from those to be retried to those to be done, as
-- Asynq does when they are due.
--
-- KEYS  asynq:{<queue>}:retry, asynq:{<queue>}:pending
-- ARGV  what stands before an ID in the key of its task, the IDs
local time = redis.call('TIME')
local since = time[1] .. string.format('%06d', tonumber(time[2])) .. '000'
for i = 2, #ARGV do
  if redis.call('ZREM', KEYS[1], ARGV[i]) == 1 then
    redis.call('LPUSH', KEYS[2], ARGV[i])
    redis.call('HSET', ARGV[1] .. ARGV[i], 'state', 'pending', 'pending_since', since)
  end
end
return redis.call('LLEN', KEYS[2])
