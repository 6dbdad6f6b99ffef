-- Begins attempts: counts one and marks it as running, unless the imp_uid has
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
-- now in us, "1" if the request is withdrawn, the new count of heartbeats, the names and
-- values of the outcome, of which the first of a name holds, and those of the request. The
-- outcome is as the attempt before left it, but for what is new. An attempt counts as a
-- heartbeat, so that its process notices if Redis loses it.
--
-- The fence is the time of Redis in microseconds: it grows with each attempt,
-- also over a Redis that lost its data, and no process's clock enters into it.
local longestPutOff = 3600000 -- ms: no Retry-After is taken to be longer
local beats, lossy = {}, nil -- the count of each process; and whether Redis may have forgotten attempts

return each(function(at)
  local leased_until, caller, imp_uid = text(millis + ARGV[at + 1]), ARGV[at + 2], ARGV[at + 3]
  local process, seen = ARGV[at + 7], tonumber(ARGV[at + 8])
  local outcome, request = outcomeKey(imp_uid), requestKey(imp_uid)
  local kept, known = redis.call('HGETALL', outcome), redis.call('HGETALL', request)
  local was, asked = named(kept), named(known)

  local is = current(was, asked)
  if is and ending(was.status) then
    return {'terminal', was.status}
  elseif not asked.id then
    asked = cjson.decode(ARGV[at + 6])
    asked.id, asked[ARGV[at + 4]] = was.request or text(micros), ARGV[at + 5]
    known = given({}, asked)
    redis.call('HSET', request, unpack(known))
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
  if process ~= '' and (beats[process] or 0) <= seen then
    beats[process], lossy = beat(process, seen), nil
  end
  local fence, uncertain_at = was.fence, was.uncertain_at
  if not is then -- it begins anew
    if #kept > 0 then
      redis.call('DEL', outcome)
    end
    redis.call('ZREM', deadKey, imp_uid)
    kept, was = {}, {leased_until = not idle and was.leased_until}
  end
  local attempts, first = was.attempts, was.first_attempt_at
  local begins = {'leased_until', leased_until}
  local function write(name, value) -- unless it stands there: Redis writes each value that it is given to its file
    if value and value ~= was[name] then
      begins[#begins + 1], begins[#begins + 2] = name, value
    end
  end
  if not repeated then
    local unfinished = was.leased_until -- the attempt before never said how it ended
    if unfinished and not idle then
      uncertain_at = was.leased_until
    elseif was.uncertain then -- as an older version wrote it
      uncertain_at = uncertain_at or text(millis)
    elseif not uncertain_at then
      lossy = lossy or redis.call('EXISTS', prefix .. 'lossy')
      uncertain_at = lossy == 1 and text(millis)
    end
    fence = text(math.max(micros, tonumber(fence or 0) + 1))
    attempts = text(tonumber(attempts or 0) + (unfinished and idle and 0 or 1))
    first = first or now
    write('imp_uid', imp_uid)
    write('status', 'retrying')
    write('attempts', attempts)
    write('first_attempt_at', first)
    write('updated_at', now)
    write('fence', fence)
    write('leased_by', caller)
    write('request', asked.id)
    write('pg', asked.pg or cjson.decode(ARGV[at + 6]).pg)
    write('batch', asked.batch)
    write('uncertain_at', uncertain_at)
  end
  write('idle', over and '1')
  redis.call('HSET', outcome, unpack(begins))
  if #kept > 0 then
    if idle and not over then
      redis.call('HDEL', outcome, 'idle')
    end
    redis.call('PERSIST', outcome) -- what an older version left may have an end
  end
  redis.call('ZADD', openKey, leased_until, imp_uid)
  return {'begun', text(micros), over and '1' or '', beats[process] or 0,
    {'attempts', attempts, 'fence', fence, 'first_attempt_at', first or '', 'uncertain_at', uncertain_at or '',
      unpack(kept)}, known}
end)
