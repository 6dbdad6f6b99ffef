-- Begins an attempt: counts it and marks it as running, unless the imp_uid has
-- a terminal outcome or another attempt is running. A request that its producer did
-- not record is recorded.
--
-- ARGV  lease in ms, a name for this call, imp_uid, then what its task asks for: the
--       field of the request's hash that names who asks, its value, and the other
--       fields, in JSON; the process that begins it, or nothing, and the greatest count of
--       heartbeats that it has seen
--
-- Returns "terminal" and status; or "busy" and the ms until the other attempt's lease ends;
-- or "put off" and the ms for which PortOne wants no call for the receipt; or "begun",
-- now in us, "1" if the request is withdrawn, the names and values of the outcome as the
-- attempt before left it, but for what is new, and of the request, and the new count of
-- heartbeats. An attempt counts as one, so that its process notices if Redis loses it.
--
-- The fence is the time of Redis in microseconds: it grows with each attempt,
-- also over a Redis that lost its data, and no process's clock enters into it.
local longestPutOff = 3600000 -- ms: no Retry-After is taken to be longer
local leased_until, caller, imp_uid = text(millis + ARGV[2]), ARGV[3], ARGV[4]
local who, line, how = ARGV[5], ARGV[6], cjson.decode(ARGV[7])
local process, seen = ARGV[8], tonumber(ARGV[9])
local outcome, request = outcomeKey(imp_uid), requestKey(imp_uid)
local was, asked = values(outcome), values(request)

local is = current(was, asked)
if is and ending(was.status) then
  return {'terminal', was.status}
elseif not asked.id then
  how.id, how[who] = was.request or text(micros), line
  asked = how
  redis.call('HSET', request, unpack(given({}, asked)))
end

local repeated = is and was.leased_by == caller -- the reply to this call was lost
local idle = was.idle ~= nil -- it makes no DELETE, since its request was withdrawn
if not repeated and (is or not idle) and tonumber(was.leased_until or 0) > millis then
  return {'busy', tostring(tonumber(was.leased_until) - millis)}
end
local over = withdrawn(asked)
local early = is and not repeated and not over and tonumber(was.not_before or 0) - millis or 0
if early > 0 and early <= longestPutOff then -- its task was brought forward
  return {'put off', text(early)}
end
local beats = process ~= '' and beat(process, seen) or 0
if not is then -- it begins anew
  if next(was) then
    redis.call('DEL', outcome)
  end
  redis.call('ZREM', deadKey, imp_uid)
  was = {fence = was.fence, uncertain_at = was.uncertain_at, leased_until = not idle and was.leased_until}
end
local begins = {'leased_until', leased_until}
if not repeated then
  local unfinished = was.leased_until -- the attempt before never said how it ended
  if unfinished and not idle then
    was.uncertain_at = was.leased_until
  elseif was.uncertain then -- as an older version wrote it
    was.uncertain_at = was.uncertain_at or text(millis)
  elseif not was.uncertain_at and redis.call('EXISTS', prefix .. 'lossy') == 1 then
    was.uncertain_at = text(millis) -- Redis may have forgotten one
  end
  was.fence = text(math.max(micros, tonumber(was.fence or 0) + 1))
  was.attempts = text(tonumber(was.attempts or 0) + (unfinished and idle and 0 or 1))
  was.first_attempt_at = was.first_attempt_at or now
  given(begins, {imp_uid = imp_uid, status = 'retrying', attempts = was.attempts,
    first_attempt_at = was.first_attempt_at, updated_at = now, fence = was.fence, leased_by = caller,
    request = asked.id, pg = asked.pg or how.pg, batch = asked.batch, uncertain_at = was.uncertain_at})
end
redis.call('HSET', outcome, unpack(given(begins, {idle = over and '1'})))
if is and idle and not over then
  redis.call('HDEL', outcome, 'idle')
end
if is then
  redis.call('PERSIST', outcome) -- what an older version left may have an end
end
redis.call('ZADD', openKey, leased_until, imp_uid)
return {'begun', text(micros), over and '1' or '', given({}, was), given({}, asked), beats}
