-- Finds the tasks of a queue that are active without a lease, among the 500 that have been
-- active for longest, and gives each a lease if it is told when that ends. A task that is
-- gone is taken off instead.
--
-- KEYS  the queue's active tasks, their leases, what stands before an ID in the key of a task
-- ARGV  when the leases that it gives end, in seconds; empty to change nothing
--
-- Returns the IDs of those that are there, and of those that are gone.
local leased = {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  leased[id] = true
end
local there, gone = {}, {}
for _, id in ipairs(redis.call('LRANGE', KEYS[1], -500, -1)) do
  local task = KEYS[3] .. id
  if not leased[id] then
    local none = redis.call('EXISTS', task) == 0 or type(redis.pcall('HGET', task, 'state')) == 'table'
    local list = none and gone or there
    list[#list + 1] = id
    if none and ARGV[1] ~= '' then
      redis.call('LREM', KEYS[1], 0, id)
    elseif ARGV[1] ~= '' then
      redis.call('ZADD', KEYS[2], ARGV[1], id)
    end
  end
end
return {there, gone}
