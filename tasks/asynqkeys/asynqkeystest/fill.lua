-- Fills a queue with tasks that Asynq could have enqueued.
--
-- KEYS  the queue's pending tasks
-- ARGV  what stands before the ID in a task's key, how many
for i = 1, ARGV[2] do
  local id = string.format('revoke:imp_%012d', i)
  redis.call('HSET', ARGV[1] .. id, 'msg', string.rep('x', 200), 'state', 'pending', 'pending_since', 1764000000000000000 + i)
  redis.call('LPUSH', KEYS[1], id)
end
