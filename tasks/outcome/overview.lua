-- Reads what a glance at all outcomes tells, at a cost that does not depend on
-- how many there are.
--
-- KEYS  set of the open ones, set of dead letters, index of batches, prefix of
--       batches
-- ARGV  how long ago in ms what is overdue should have gone on, how many of the
--       latest batches to look at, how many of those that have not finished to
--       return
--
-- Returns the numbers of open ones, of overdue ones and of dead letters; then a
-- name and the names and values of its hash for each batch.
local time = redis.call('TIME')
local due = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) - tonumber(ARGV[1])
local found = {
  redis.call('ZCARD', KEYS[1]),
  redis.call('ZCOUNT', KEYS[1], '-inf', '(' .. string.format('%.0f', due)),
  redis.call('ZCARD', KEYS[2]),
}
local left = tonumber(ARGV[3])
for _, name in ipairs(redis.call('ZREVRANGE', KEYS[3], 0, tonumber(ARGV[2]) - 1)) do
  local was = redis.call('HMGET', KEYS[4] .. name, 'started_at', 'finished_at')
  if left > 0 and was[1] and not was[2] then
    found[#found + 1] = name
    found[#found + 1] = redis.call('HGETALL', KEYS[4] .. name)
    left = left - 1
  end
end
return found
