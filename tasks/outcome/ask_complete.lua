-- Notes that a list has come to its end, which may finish its batch.
--
-- ARGV  batch, the row at which the list ends
--
-- Returns the rows of the batch, more than that if it continues after the list; -1 if
-- there is no such batch.
local key = batchKey(ARGV[2])
if redis.call('EXISTS', key) == 0 then
  return -1
end
local rows = math.floor(redis.call('STRLEN', key .. ':rows') / 5)
if rows <= tonumber(ARGV[3]) then
  redis.call('HSET', key, 'complete', ARGV[3])
  settle(ARGV[2])
end
return rows
