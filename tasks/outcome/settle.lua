-- Settles a dead letter by what a person found out: it becomes revoked, or stays dead
-- for that reason. If an attempt may have worked unseen and it stays dead, it still may
-- have. The same statement again changes nothing.
--
-- ARGV  imp_uid, status, reason, who says so, what that person found out, length of the
--       stream, then the names of an outcome's fields
--
-- Returns "settled", or the status that it has instead, empty for none; "withdrawn" where
-- that is why it is dead, or "reissued" where it is and would stay dead.
local imp_uid, status, reason = ARGV[2], ARGV[3], ARGV[4]
local outcome, request = outcomeKey(imp_uid), requestKey(imp_uid)
local was, asked = values(outcome), values(request)
local same = was.status == status and was.reason == reason and was.stated_by == ARGV[5]
if not current(was, asked) then
  return 'queued'
elseif same and was.statement == ARGV[6] then
  return 'settled'
elseif was.status ~= 'dead' then
  return was.status or ''
elseif was.reason == 'withdrawn' or was.reason == 'reissued' and status == 'dead' then
  return was.reason
end

local new = {status = status, reason = reason, updated_at = now, stated_by = ARGV[5], statement = ARGV[6]}
if status == 'revoked' then -- as an attempt leaves it
  redis.call('HDEL', outcome, 'fence', 'uncertain', 'uncertain_at', 'asked_since', 'tries', 'refused_since',
    'not_before', 'seen')
  redis.call('ZREM', deadKey, imp_uid)
else
  if was.reason == 'unconfirmed' then
    new.uncertain_at = was.uncertain_at or text(millis)
  end
  redis.call('ZADD', deadKey, 'XX', millis, imp_uid) -- unless it was discarded
end
redis.call('HSET', outcome, unpack(given({}, new)))
redis.call('PEXPIRE', request, ttl) -- first, so that it does not outlive its outcome
redis.call('PEXPIRE', outcome, ttl)
local is, fields = values(outcome), {}
for i = 8, #ARGV do
  given(fields, {[ARGV[i]] = is[ARGV[i]]})
end
redis.call('XADD', prefix .. 'outcomes', 'MAXLEN', '~', ARGV[7], '*', unpack(fields))
count(asked, ending(was.status, was.reason), ending(status, reason))
return 'settled'
