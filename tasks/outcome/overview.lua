-- Reads what a glance at all outcomes tells, at a cost that does not depend on
-- how many there are.
--
-- ARGV  how long ago in ms what is overdue should have gone on, how many of the
--       latest batches to look at, how many of those that have not finished to
--       return
--
-- Returns the numbers of open ones, of overdue ones and of dead letters; then a
-- name and the names and values of its hash for each batch.
local found = {
  redis.call('ZCARD', openKey),
  redis.call('ZCOUNT', openKey, '-inf', '(' .. text(millis - ARGV[2])),
  redis.call('ZCARD', deadKey),
}
local left = tonumber(ARGV[4])
for _, name in ipairs(redis.call('ZREVRANGE', prefix .. 'batch-index', 0, ARGV[3] - 1)) do
  local was = redis.call('HMGET', batchKey(name), 'started_at', 'finished_at')
  if left > 0 and was[1] and not was[2] then
    found[#found + 1], found[#found + 2] = name, redis.call('HGETALL', batchKey(name))
    left = left - 1
  end
end
return found
