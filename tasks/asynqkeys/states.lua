-- Reads the states of tasks, which are on one node.
--
-- KEYS  what stands before an ID in the key of a task
-- ARGV  task IDs
--
-- Returns them in Asynq's words; empty where there is no task, and "?" where its key is
-- something else.
local states = {}
for i, id in ipairs(ARGV) do
  local state = redis.pcall('HGET', KEYS[1] .. id, 'state')
  states[i] = type(state) == 'table' and '?' or state or ''
end
return states
