-- Notes that a list has come to its end, which may finish its batch.
--
-- KEYS  batch, its rows, prefix of batches, stream of batches
-- ARGV  batch, life of a batch in ms, the row at which the list ends
--
-- Returns the rows of the batch, more than that if it goes on after the list; -1 if
-- there is no such batch.
if redis.call('EXISTS', KEYS[1]) == 0 then
  return -1
end
local rows = math.floor(redis.call('STRLEN', KEYS[2]) / 5)
if rows <= tonumber(ARGV[3]) then
  redis.call('HSET', KEYS[1], 'complete', ARGV[3])
  settle({prefix = KEYS[3], stream = KEYS[4], ttl = ARGV[2]}, ARGV[1], KEYS[1])
end
return rows
