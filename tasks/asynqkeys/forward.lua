-- Moves tasks of a queue from those that are to be done later to those to be done, as
-- Asynq does when they are due. Each is on one of the lists at all times.
--
-- KEYS  asynq:{<queue>}:retry, asynq:{<queue>}:scheduled, asynq:{<queue>}:pending
-- ARGV  what stands before an ID in the key of its task, the IDs
--
-- Returns how many tasks it moved.
local time = redis.call('TIME')
local since = time[1] .. string.format('%06d', tonumber(time[2])) .. '000'
local moved = 0
for i = 2, #ARGV do
  if redis.call('ZREM', KEYS[1], ARGV[i]) + redis.call('ZREM', KEYS[2], ARGV[i]) > 0 then
    redis.call('LPUSH', KEYS[3], ARGV[i])
    redis.call('HSET', ARGV[1] .. ARGV[i], 'state', 'pending', 'pending_since', since)
    moved = moved + 1
  end
end
return moved
