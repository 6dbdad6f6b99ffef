-- Finishes attempts: writes the outcome and, if it is terminal, the stream
-- entry, the dead letter and what its batches count. Repeating it changes
-- nothing.
--
-- ARGV  fence; id of the request; "1" if the attempt does not count; when it is attempted next, in
--       ms; length of the stream; attempts and first_attempt_at as far as the attempt
--       knows; batch, empty for none; imp_uid; status; reason, empty to leave the last one; "1"
--       if there is an answer; how many of the following are the outcome's, then its other names
--       and values, then those of what is handed on to the next attempt
--
-- Returns 1, or 0 if nothing was written, because the same stands there already, a newer
-- attempt knows better, the request is over, or it is not withdrawn any more.

-- passing are the fields that go unless they are written anew.
local passing = {'idle', 'reason', 'http_status', 'code', 'message', 'next_attempt_at', 'looked_up_until',
  'receipt_tid', 'apply_num', 'type', 'amount', 'vat', 'receipt_url', 'applied_at', 'cancelled_at', 'uncertain',
  'uncertain_at', 'asked_since', 'tries', 'refused_since', 'not_before', 'seen', 'stated_by', 'statement'}

return each(function(at)
  local fence, id, uncounted, due = tonumber(ARGV[at + 1]), ARGV[at + 2], ARGV[at + 3] == '1', ARGV[at + 4]
  local imp_uid, status, reason, answered = ARGV[at + 9], ARGV[at + 10], ARGV[at + 11], ARGV[at + 12] == '1'
  local own = at + 13 + ARGV[at + 13] -- where the outcome's own names and values end
  local outcome, request = outcomeKey(imp_uid), requestKey(imp_uid)
  local was, asked = values(outcome), values(request)
  local latest = tonumber(was.fence or 0)
  local over = fence < latest or fence == latest and not was.leased_until or was.status == 'dead'
  -- Revoked wins over everything; otherwise the newer attempt wins.
  if (was.request or asked.id or id) ~= id or (asked.id or id) ~= id or
    was.status == 'revoked' or over and status ~= 'revoked' or
    reason == 'withdrawn' and not withdrawn(asked) then
    return 0
  end

  -- Where the hash was lost, the attempt itself remembers.
  local attempts = math.max(tonumber(was.attempts or ARGV[at + 6]) - (uncounted and 1 or 0), 0)
  local fields = {'imp_uid', imp_uid, 'status', status, 'attempts', text(attempts), 'updated_at', now,
    unpack(ARGV, at + 14, own)}
  local function keep(name, value)
    if value and value ~= '' then
      fields[#fields + 1], fields[#fields + 2] = name, value
    end
  end
  keep('first_attempt_at', was.first_attempt_at or ARGV[at + 7])
  keep('batch', was.batch or ARGV[at + 8])
  reason = reason ~= '' and reason or was.reason
  keep('reason', reason)
  if status ~= 'revoked' and not answered then -- the last answer stays
    keep('http_status', was.http_status)
    keep('code', was.code)
    keep('message', was.message)
  end
  -- What does not hold any more goes, and what another version wrote stays. It comes
  -- first: memory that is full refuses a script whose first step needs some. The event comes
  -- before the outcome, which would make a repetition take it for written if it is refused.
  local gone, goes = {'leased_until', 'leased_by', status == 'revoked' and 'fence' or nil}, {}
  for _, name in ipairs(passing) do
    if was[name] then
      gone[#gone + 1], goes[name] = name, true
    end
  end
  redis.call('HDEL', outcome, unpack(gone))
  if status ~= 'retrying' then
    redis.call('XADD', prefix .. 'outcomes', 'MAXLEN', '~', ARGV[at + 5], '*', unpack(fields))
  end
  local changed = {'request', id, unpack(ARGV, own + 1, at + ARGV[at])}
  if status ~= 'revoked' then -- a dead letter may be revived
    changed[#changed + 1], changed[#changed + 2] = 'fence', text(fence)
  end
  for i = 1, #fields, 2 do
    if goes[fields[i]] or was[fields[i]] ~= fields[i + 1] then
      changed[#changed + 1], changed[#changed + 2] = fields[i], fields[i + 1]
    end
  end
  redis.call('HSET', outcome, unpack(changed))
  if status == 'retrying' then
    redis.call('ZADD', openKey, asked.withdrawn and -millis or due, imp_uid)
    return 1
  end
  redis.call('PEXPIRE', request, ttl) -- first, so that it does not outlive its outcome
  redis.call('PEXPIRE', outcome, ttl)
  redis.call('ZREM', openKey, imp_uid)
  if was.status == 'dead' then
    redis.call('ZREM', deadKey, imp_uid)
  end
  if status == 'dead' then
    redis.call('ZADD', deadKey, millis, imp_uid)
  end
  count(asked, ending(was.status, was.reason), ending(status, reason))
  return 1
end)
