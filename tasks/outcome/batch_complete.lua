-- Notes that a list has come to its end, which may finish its batch.
--
-- KEYS  batch, its rows, prefix of batches, stream of batches
-- ARGV  batch, life of a batch in ms, now, the row at which the list ends
--
-- Returns "complete"; "longer" and the rows of the batch if it goes on after
-- the list; or "gone" if there is no such batch.
local batch, last = ARGV[1], tonumber(ARGV[4])
local ends = redis.call('HGET', KEYS[1], 'ends')
if not ends then
  return {'gone'}
end
if string.find(ends, ',' .. ARGV[4] .. ',', 1, true) then
  return {'complete'}
end
local rows = math.floor(redis.call('STRLEN', KEYS[2]) / 5)
if last < rows then
  return {'longer', rows}
end
redis.call('HSET', KEYS[1], 'ends', ends .. ARGV[4] .. ',', 'complete', last)
settle({prefix = KEYS[3], stream = KEYS[4], ttl = ARGV[2], now = ARGV[3]}, batch, KEYS[1])
return {'complete'}
