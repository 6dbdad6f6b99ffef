-- Enqueues tasks as Asynq's client does, but many in one go. It leaves those that there are.
--
-- KEYS  asynq:{<queue>}:pending
-- ARGV  what stands before an ID in the key of its task; since when they are pending, in ns; of each its ID and message
--
-- Returns which there are, counted from 1.
local keys, there, enqueued = {}, {}, {}
for i = 3, #ARGV, 2 do
  keys[#keys + 1] = ARGV[1] .. ARGV[i]
end
local none, new = redis.call('EXISTS', unpack(keys)) == 0, {} -- one call instead of one for each, as a rule
for i, task in ipairs(keys) do
  if not (none and not new[task]) and redis.call('EXISTS', task) == 1 then
    there[#there + 1] = i
  else
    redis.call('HSET', task, 'msg', ARGV[2 * i + 2], 'state', 'pending', 'pending_since', ARGV[2])
    enqueued[#enqueued + 1], new[task] = ARGV[2 * i + 1], true
  end
end
if #enqueued > 0 then
  redis.call('LPUSH', KEYS[1], unpack(enqueued))
end
return there
