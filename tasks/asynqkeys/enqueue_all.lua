-- Enqueues tasks as Asynq's client does, but many in one go. It leaves those that there are.
--
-- KEYS  asynq:{<queue>}:pending
-- ARGV  what stands before an ID in the key of its task; since when they are pending, in ns; of each its ID and message
--
-- Returns which there are, counted from 1.
local there, enqueued = {}, {}
for i = 3, #ARGV, 2 do
  local task = ARGV[1] .. ARGV[i]
  if redis.call('EXISTS', task) == 1 then
    there[#there + 1] = (i - 1) / 2
  else
    redis.call('HSET', task, 'msg', ARGV[i + 1], 'state', 'pending', 'pending_since', ARGV[2])
    enqueued[#enqueued + 1] = ARGV[i]
  end
end
if #enqueued > 0 then
  redis.call('LPUSH', KEYS[1], unpack(enqueued))
end
return there
