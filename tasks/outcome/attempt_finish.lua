-- Finishes an attempt: writes the outcome and, if it is terminal, the stream
-- entry, the dead letter and what its batches count. Repeating it changes
-- nothing.
--
-- ARGV  fence; id of the request; "1" if the attempt does not count; when it is attempted next, in
--       ms; length of the stream; attempts and first_attempt_at as far as the attempt
--       knows; batch, empty for none; how many of the following are the outcome's, then
--       its names and values but for these and updated_at, then those of what is handed on
--       to the next attempt
--
-- Returns 1, or 0 if nothing was written, because the same stands there already, a newer
-- attempt knows better, the request is over, or it is not withdrawn any more.
local fence, id, uncounted, due, own = tonumber(ARGV[2]), ARGV[3], ARGV[4] == '1', ARGV[5], ARGV[10]
local fields, handed = {'updated_at', now, unpack(ARGV, 11, 10 + own)}, {unpack(ARGV, 11 + own)}
local new = named(fields)
local imp_uid = new.imp_uid
local outcome, request = outcomeKey(imp_uid), requestKey(imp_uid)
local was, asked = values(outcome), values(request)
local latest = tonumber(was.fence or 0)
local over = fence < latest or fence == latest and not was.leased_until or was.status == 'dead'
-- Revoked wins over everything; otherwise the newer attempt wins.
if (was.request or asked.id or id) ~= id or (asked.id or id) ~= id or
  was.status == 'revoked' or over and new.status ~= 'revoked' or
  new.reason == 'withdrawn' and not withdrawn(asked) then
  return 0
end

-- Where the hash was lost, the attempt itself remembers.
local attempts = math.max(tonumber(was.attempts or ARGV[7]) - (uncounted and 1 or 0), 0)
given(fields, {attempts = text(attempts), first_attempt_at = was.first_attempt_at or ARGV[8],
  batch = was.batch or ARGV[9], reason = not new.reason and was.reason or nil})
if new.status ~= 'revoked' and not (new.http_status or new.message) then -- the last answer stays
  given(fields, {http_status = was.http_status, code = was.code, message = was.message})
end
-- What does not hold any more goes, and what another version wrote stays. It comes
-- first: memory that is full refuses a script whose first step needs some. The event comes
-- before the outcome, which would make a repetition take it for written if it is refused.
local gone, goes = {'leased_until', 'leased_by', 'fence'}, {}
for _, name in ipairs({'idle', 'reason', 'http_status', 'code', 'message', 'next_attempt_at', 'looked_up_until',
  'receipt_tid', 'apply_num', 'type', 'amount', 'vat', 'receipt_url', 'applied_at', 'cancelled_at', 'uncertain',
  'uncertain_at', 'asked_since', 'tries', 'refused_since', 'not_before', 'seen', 'stated_by',
  'statement'}) do
  if was[name] then
    gone[#gone + 1], goes[name] = name, true
  end
end
redis.call('HDEL', outcome, unpack(gone))
if new.status ~= 'retrying' then
  redis.call('XADD', prefix .. 'outcomes', 'MAXLEN', '~', ARGV[6], '*', unpack(fields))
end
local changed = {'request', id} -- Redis writes each value that it is given to its file
for i = 1, #fields, 2 do
  if goes[fields[i]] or was[fields[i]] ~= fields[i + 1] then
    changed[#changed + 1], changed[#changed + 2] = fields[i], fields[i + 1]
  end
end
redis.call('HSET', outcome, unpack(changed))
if new.status ~= 'revoked' then -- a dead letter may be revived
  redis.call('HSET', outcome, 'fence', text(fence), unpack(handed))
end
if new.status == 'retrying' then
  redis.call('ZADD', openKey, asked.withdrawn and -millis or due, imp_uid)
  return 1
end
redis.call('PEXPIRE', request, ttl) -- first, so that it does not outlive its outcome
redis.call('PEXPIRE', outcome, ttl)
redis.call('ZREM', openKey, imp_uid)
if was.status == 'dead' then
  redis.call('ZREM', deadKey, imp_uid)
end
if new.status == 'dead' then
  redis.call('ZADD', deadKey, millis, imp_uid)
end
count(asked, ending(was.status, was.reason), ending(new.status, new.reason))
return 1
