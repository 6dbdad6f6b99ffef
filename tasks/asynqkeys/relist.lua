-- Puts tasks back in the line of their queue that wait in none: those whose state says that they
-- have been waiting since before the line was seen empty.
--
-- KEYS  the queue's pending tasks, what stands before an ID in the key of a task
-- ARGV  when the line was empty and what time it is now, in nanoseconds, then task IDs
--
-- Returns the IDs of those that it put back.
local back = {}
for i = 3, #ARGV do
  local key = KEYS[2] .. ARGV[i]
  local task = redis.pcall('HMGET', key, 'state', 'pending_since')
  if task[1] == 'pending' and (tonumber(task[2] or '') or 0) < tonumber(ARGV[1]) then
    redis.call('LPUSH', KEYS[1], ARGV[i])
    redis.call('HSET', key, 'pending_since', ARGV[2])
    back[#back + 1] = ARGV[i]
  end
end
return back
