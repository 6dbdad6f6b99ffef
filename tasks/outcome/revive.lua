-- Makes a dead letter open again, with no attempts so far. Answers of attempts
-- from before are late from now on. If one of those may have worked unseen, it
-- still may have. Its batches count it as open.
--
-- KEYS  outcome, request, set of the open ones, set of dead letters, prefix of
--       batches, stream of batches
-- ARGV  imp_uid, life of a batch in ms
--
-- Returns "revived", pg and batch; or the status that it has instead, empty for
-- none.
local was, asked = values(KEYS[1]), values(KEYS[2])
if not current(was, asked) then
  return {'queued'}
elseif was.status ~= 'dead' then
  return {was.status or ''}
end
local fence = math.max(micros, tonumber(was.fence or 0) + 1)
redis.call('HSET', KEYS[1], 'status', 'retrying', 'attempts', 0, 'updated_at', now, 'fence', text(fence))
redis.call('HDEL', KEYS[1], 'asked_since', 'tries', 'refused_since')
if was.reason == 'unconfirmed' and not was.uncertain_at then
  redis.call('HSET', KEYS[1], 'uncertain_at', text(millis))
end
if withdrawn({prefix = KEYS[5]}, asked) then -- whoever revives it asks for it
  redis.call('HDEL', KEYS[2], 'withdrawn')
  redis.call('HSET', KEYS[2], 'single', '1')
end
redis.call('PERSIST', KEYS[1])
redis.call('PERSIST', KEYS[2])
redis.call('ZADD', KEYS[3], millis, ARGV[1])
redis.call('ZREM', KEYS[4], ARGV[1])
countAll({prefix = KEYS[5], stream = KEYS[6], ttl = ARGV[2]}, asked, ending(was.status, was.reason), nil)
return {'revived', was.pg or '', was.batch or ''}
