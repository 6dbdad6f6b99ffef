-- Withdraws what is asked for imp_uids, so that no attempt begins any more. All of them
-- are due at once, and so stand before all others among the open ones, by the negative time
-- at which they were withdrawn: a worker ends them.
--
-- ARGV  batch, which is cancelled, or empty for all who ask; "1" to change nothing, "2" and
--       to tell whether a batch that was cancelled is "wanted" as it is; the imp_uids
--
-- Returns for each what it is: "withdrawn" if it was never called; "called", between two
-- attempts; "running"; "wanted" if somebody else asks for it; "foreign" if the batch does
-- not; the status with which it ended; or "unknown".
local batch, dry, besides = ARGV[2], ARGV[3] ~= '', ARGV[3] ~= '2' and ARGV[2]

local function cancel(imp_uid)
  local request = requestKey(imp_uid)
  local was, asked = values(outcomeKey(imp_uid)), values(request)
  if not asked.id and was.status and not ending(was.status) then -- its request is lost
    asked.id, asked.single = was.request or text(micros), '1'
  end
  local is = current(was, asked)
  if is and ending(was.status) or not asked.id then
    return was.status or 'unknown'
  elseif batch ~= '' and not asked['in:' .. batch] then
    return 'foreign'
  elseif batch ~= '' and not withdrawn(asked, besides) then
    return 'wanted'
  end
  if not dry then
    redis.call('HSET', request, 'id', asked.id, 'withdrawn', '1')
    redis.call('HDEL', request, 'single')
    redis.call('ZADD', openKey, -millis, imp_uid)
  end
  if not is or not was.status then
    return 'withdrawn'
  elseif tonumber(was.leased_until or 0) > millis then
    return 'running'
  end -- a letter that is retried, and was withdrawn before its first call, has no trace of one
  local called = was.attempts ~= '0' or was.reason ~= 'withdrawn' or was.message or was.http_status or was.uncertain_at
  return called and 'called' or 'withdrawn'
end

local reply = {}
for i = 4, #ARGV do
  reply[i - 3] = cancel(ARGV[i])
end
return reply
