-- Withdraws what is asked for imp_uids, so that no attempt begins any more. All of them
-- are due at once, and so stand before all others among the open ones, by the negative time
-- at which they were withdrawn: a worker ends them. A dead letter keeps that it is withdrawn.
--
-- ARGV  batch, which is cancelled, or empty for all who ask; "1" to change nothing; the imp_uids
--
-- Returns for each what it is: "withdrawn" if it was never called; "called", between two
-- attempts; both with " before" behind it if it had been cancelled; "running"; "wanted" if
-- another request asks for it; "foreign" if the batch does not; the status with which it
-- ended; or "unknown".
local batch, dry = ARGV[2], ARGV[3] == '1'

local function cancel(imp_uid)
  local request = requestKey(imp_uid)
  local was, asked = values(outcomeKey(imp_uid)), values(request)
  if not asked.id and was.status and not ending(was.status) then -- its request is lost
    asked.id, asked.single = was.request or text(micros), '1'
  end
  local is = current(was, asked)
  local ended = is and ending(was.status)
  if not asked.id or ended and (batch ~= '' or was.status == 'revoked') then
    return was.status or 'unknown'
  elseif batch ~= '' and not asked['in:' .. batch] then
    return 'foreign'
  elseif batch ~= '' and not withdrawn(asked, batch) then
    return 'wanted'
  end
  if not dry then
    redis.call('HSET', request, 'id', asked.id, 'withdrawn', '1')
    redis.call('HDEL', request, 'single')
    if not ended then redis.call('ZADD', openKey, -millis, imp_uid) end
  end
  if ended then return was.status end
  local before = asked.withdrawn and ' before' or ''
  -- A task of another queue than its gateway's is moved, for which an attempt begins and makes no call.
  local called = tonumber(was.attempts or 0) > 0 or was.http_status or was.uncertain_at or was.uncertain or
    was.reason and was.reason ~= 'withdrawn'
  if is and tonumber(was.leased_until or 0) > millis then
    return 'running'
  elseif is and was.status and (called or was.leased_until) then
    return 'called' .. before
  end
  return 'withdrawn' .. before
end

local reply = {}
for i = 4, #ARGV do
  reply[i - 3] = cancel(ARGV[i])
end
return reply
