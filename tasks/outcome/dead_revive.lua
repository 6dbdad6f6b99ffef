-- Makes a dead letter open again, also for its batches, with no attempts so far. Answers of
-- attempts from before are late from now on; if one may have worked unseen, it still may have.
--
-- ARGV  imp_uid
--
-- Returns "revived", pg and batch; or the status that it has instead, empty for
-- none; or why it stays dead: "withdrawn" if all who asked have, or "reissued".
local imp_uid = ARGV[2]
local outcome, request = outcomeKey(imp_uid), requestKey(imp_uid)
local was, asked = values(outcome), values(request)
local is = current(was, asked) and (was.status or '') or 'queued'
if is ~= 'dead' or was.reason == 'reissued' or was.reason == 'withdrawn' then
  return {is == 'dead' and was.reason or is}
elseif withdrawn(asked) then
  return {'withdrawn'}
end
local fence = text(math.max(micros, tonumber(was.fence or 0) + 1))
redis.call('HSET', outcome, unpack(given({'status', 'retrying', 'attempts', 0, 'updated_at', now, 'fence', fence},
  {uncertain_at = was.uncertain_at or was.reason == 'unconfirmed' and text(millis)})))
redis.call('HDEL', outcome, 'asked_since', 'tries', 'refused_since', 'not_before')
redis.call('PERSIST', outcome)
redis.call('PERSIST', request)
redis.call('ZADD', openKey, millis, imp_uid)
redis.call('ZREM', deadKey, imp_uid)
count(asked, ending(was.status, was.reason), nil)
return {'revived', was.pg or '', was.batch or ''}
