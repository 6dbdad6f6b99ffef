-- Makes a dead letter open again, with no attempts so far. Answers of attempts
-- from before are late from now on. If one of those may have worked unseen, it
-- still may have. Its batches count it as open.
--
-- KEYS  outcome hash, set of the open ones, set of dead letters, followers,
--       prefix of batches, stream of batches
-- ARGV  imp_uid, now, life of the outcome in ms
--
-- Returns "revived", pg, batch and line; or the status that it has instead,
-- empty for none.
local was = redis.call('HMGET', KEYS[1], 'status', 'pg', 'batch', 'reason', 'fence', 'line')
if was[1] ~= 'dead' then
  return {was[1] or ''}
end
local time = redis.call('TIME')
local micros = tonumber(time[1]) * 1000000 + tonumber(time[2])
local fence = math.max(micros, tonumber(was[5] or 0) + 1)
redis.call('HSET', KEYS[1], 'status', 'retrying', 'attempts', 0, 'updated_at', ARGV[2],
  'fence', string.format('%.0f', fence))
if was[4] == 'unconfirmed' then
  redis.call('HSET', KEYS[1], 'uncertain', '1')
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('ZADD', KEYS[2], math.floor(micros / 1000), ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
local at = {followers = KEYS[4], prefix = KEYS[5], stream = KEYS[6], ttl = ARGV[3], now = ARGV[2]}
countAll(at, was[3], was[6], ending(was[1], was[4]), nil)
return {'revived', was[2] or '', was[3] or '', was[6] or ''}
