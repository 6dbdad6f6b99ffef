-- Opens a batch, which it makes if there is none, and lets all that is kept of
-- it live for another ttl.
--
-- KEYS  batch, its rows, index of batches
-- ARGV  batch, life of a batch in ms, now, now in ms, where its list is
--
-- Returns "1" if it is new, how many rows it has, and the rows at which its
-- lists end, as ",100,200,".
local new = redis.call('HSETNX', KEYS[1], 'started_at', ARGV[3])
if new == 1 then
  redis.call('HSET', KEYS[1], 'changed_at', ARGV[3], 'source', ARGV[5], 'ends', ',')
  redis.call('DEL', KEYS[2], KEYS[1] .. ':counted')
  redis.call('ZADD', KEYS[3], ARGV[4], ARGV[1])
end
redis.call('SETBIT', KEYS[1] .. ':counted', 0, 0) -- no row's; from now on there is a key that can end with the batch
renew({ttl = ARGV[2]}, KEYS[1])
return {new, math.floor(redis.call('STRLEN', KEYS[2]) / 5), redis.call('HGET', KEYS[1], 'ends')}
