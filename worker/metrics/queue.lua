-- Counts what is in a queue of Asynq's.
--
-- KEYS  the queue's pending, active, scheduled, retry and archived tasks
-- ARGV  what stands before the ID in the key of one of its tasks
--
-- Returns how many each are, and since when the oldest pending one has been
-- waiting, in nanoseconds, empty if none or if nobody knows.
local oldest = redis.call('LINDEX', KEYS[1], -1)
return {
  redis.call('LLEN', KEYS[1]), redis.call('LLEN', KEYS[2]),
  redis.call('ZCARD', KEYS[3]), redis.call('ZCARD', KEYS[4]), redis.call('ZCARD', KEYS[5]),
  oldest and redis.call('HGET', ARGV[1] .. oldest, 'pending_since') or '',
}
