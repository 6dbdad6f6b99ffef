-- Finds the tasks of a queue that are active without a lease, and gives each a lease if it is
-- told when that ends. A task that is gone is taken off instead. It looks at the 500 that have
-- been active for longest, and at others whose state says that they are active.
--
-- KEYS  the queue's active tasks, their leases, what stands before an ID in the key of a task
-- ARGV  when the leases that it gives end, in seconds, empty to change nothing; other task IDs
--
-- Returns the IDs of those that are there, and of those that are gone.
local leased = {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  leased[id] = true
end
local ids = redis.call('LRANGE', KEYS[1], -500, -1)
for i = 2, #ARGV do
  if redis.pcall('HGET', KEYS[3] .. ARGV[i], 'state') == 'active' then
    ids[#ids + 1] = ARGV[i]
  end
end
local there, gone = {}, {}
for _, id in ipairs(ids) do
  local task = KEYS[3] .. id
  if not leased[id] then
    leased[id] = true -- it may stand here twice
    local none = redis.call('EXISTS', task) == 0 or type(redis.pcall('HGET', task, 'state')) == 'table'
    local list = none and gone or there
    list[#list + 1] = id
    if ARGV[1] ~= '' then
      redis.call(unpack(none and {'LREM', KEYS[1], 0, id} or {'ZADD', KEYS[2], ARGV[1], id}))
    end
  end
end
return {there, gone}
