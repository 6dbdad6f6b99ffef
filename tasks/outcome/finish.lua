-- Finishes an attempt: writes the outcome and, if it is terminal, the stream
-- entry, the dead letter and what its batches count. Repeating it changes
-- nothing.
--
-- KEYS  outcome, request, set of the open ones, set of dead letters, stream,
--       prefix of batches, stream of batches
-- ARGV  fence; id of the request; "1" if the attempt does not count; life of what has
--       ended in ms; when it goes on in ms; length of the stream; attempts and
--       first_attempt_at as far as the attempt knows; batch, empty for none; how many
--       of the following are the outcome's, then its names and values but for
--       these and updated_at, then those of what is handed on to the next attempt
--
-- Returns "written", or why it was not: "late" if a newer attempt knows better, or
-- the request is over; "repeated" if it already stands there; "wanted" if the attempt
-- found it withdrawn and somebody has asked for it since: it goes on at once.
local fence, id, uncounted, due, own = tonumber(ARGV[1]), ARGV[2], ARGV[3] == '1', ARGV[5], tonumber(ARGV[10])
local fields, handed, new = {'updated_at', now}, {}, {}
for i = 11, #ARGV do
  local into = i < 11 + own and fields or handed
  into[#into + 1] = ARGV[i]
end
for i = 1, #fields, 2 do
  new[fields[i]] = fields[i + 1]
end
local was, asked = values(KEYS[1]), values(KEYS[2])
if (was.request or asked.id or id) ~= id or (asked.id or id) ~= id then
  return 'late'
end

-- Revoked wins over everything; otherwise the newer attempt wins.
if was.status == 'revoked' then
  return 'repeated'
end
local latest = tonumber(was.fence or 0)
if new.status ~= 'revoked' then
  if was.status == 'dead' or (fence == latest and not was.leased_until) then
    return 'repeated'
  end
  if fence < latest then
    return 'late'
  end
end

local wanted = new.reason == 'withdrawn' and not withdrawn({prefix = KEYS[6]}, asked)
if wanted then
  new.status, due, uncounted = 'retrying', text(millis), true
  fields = {'updated_at', now, 'imp_uid', new.imp_uid, 'status', 'retrying', 'next_attempt_at', now}
  if new.pg then
    fields[#fields + 1], fields[#fields + 2] = 'pg', new.pg
  end
end

-- Where the hash was lost, the attempt itself remembers.
local attempts = tonumber(was.attempts or ARGV[7])
if uncounted and attempts > 0 then
  attempts = attempts - 1
end
given(fields, {attempts = tostring(attempts), first_attempt_at = was.first_attempt_at or ARGV[8],
  batch = was.batch or ARGV[9]})
-- What does not hold any more goes, and what another version wrote stays. It comes
-- first: memory that is full refuses a script whose first step needs some.
redis.call('HDEL', KEYS[1], 'leased_until', 'leased_by', 'idle', 'fence', 'reason', 'http_status', 'code', 'message', 'next_attempt_at',
  'receipt_tid', 'apply_num', 'type', 'amount', 'vat', 'receipt_url', 'applied_at', 'cancelled_at',
  'uncertain', 'uncertain_at', 'asked_since', 'tries', 'refused_since', 'seen')
redis.call('HSET', KEYS[1], 'request', id, unpack(fields))
if new.status ~= 'revoked' then -- a dead letter may be revived
  redis.call('HSET', KEYS[1], 'fence', text(fence), unpack(handed))
end
local at = {prefix = KEYS[6], stream = KEYS[7], ttl = ARGV[4]}
if new.status == 'retrying' then
  redis.call('ZADD', KEYS[3], asked.withdrawn and 0 or due, new.imp_uid)
  return wanted and 'wanted' or 'written'
end
redis.call('PEXPIRE', KEYS[2], ARGV[4]) -- first, so that it does not outlive its outcome
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('ZREM', KEYS[3], new.imp_uid)
redis.call('XADD', KEYS[5], 'MAXLEN', '~', ARGV[6], '*', unpack(fields))
if new.status == 'dead' then
  redis.call('ZADD', KEYS[4], millis, new.imp_uid)
else
  redis.call('ZREM', KEYS[4], new.imp_uid)
end
countAll(at, asked, ending(was.status, was.reason), ending(new.status, new.reason))
return 'written'
