-- Begins an attempt: counts it and marks it as running, unless the imp_uid has
-- a terminal outcome or another attempt is running. A request that its producer did
-- not record is recorded.
--
-- KEYS  outcome, request, set of the open ones, set of dead letters, prefix of
--       batches, what says that Redis lost writes
-- ARGV  lease in ms, a name for this call, imp_uid, then what its task asks for,
--       each empty for none: batch, its line there, pg, apply_num, "1" for the
--       receipt that exists now
--
-- Returns "terminal" and status; or "busy" and the ms until the other attempt's
-- lease ends; or "begun", fence, attempts, first_attempt_at; now in us; "1" if an attempt
-- failed; "1" if the request is withdrawn; its id, apply_num and again; and what the
-- attempt before handed on: uncertain_at, asked_since, tries, refused_since, seen; and the
-- request's pg.
--
-- The fence is the time of Redis in microseconds: it grows with each attempt,
-- also over a Redis that lost its data, and no process's clock enters into it.
local lease, caller, imp_uid = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local batch, line, pg, apply_num, again = ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local was, asked = values(KEYS[1]), values(KEYS[2])

if not current(was, asked) then -- it begins anew
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[4], imp_uid)
  was = {fence = was.fence, uncertain_at = was.uncertain_at}
elseif ending(was.status) then
  return {'terminal', was.status}
end
if not asked.id then
  local who = line == '' and 'single' or 'in:' .. batch
  asked.id, asked[who] = was.request or text(micros), line == '' and '1' or line
  asked.apply_num, asked.again = apply_num, again
  redis.call('HSET', KEYS[2], unpack(given({'id', asked.id, who, asked[who]},
    {pg = pg, batch = batch, apply_num = apply_num, again = again})))
end

local leased_until = text(millis + lease)
local repeated = was.leased_by == caller -- the attempt that is counted last is this one, whose reply was lost
if not repeated and tonumber(was.leased_until or 0) > millis then
  return {'busy', tostring(tonumber(was.leased_until) - millis)}
end
local unfinished = was.leased_until ~= nil -- the attempt before never said how it ended
local idle = was.idle ~= nil -- it made no DELETE, since its request was withdrawn
local over = withdrawn({prefix = KEYS[5]}, asked)
local before, reason = tonumber(was.attempts or 0) - ((repeated or unfinished and idle) and 1 or 0), was.reason
local failed = before > 0 or reason == 'pg_failure' or reason == 'unreachable' or
  reason == 'attempts_exhausted' or reason == 'unconfirmed' -- the latter two: revived dead letters
if not repeated then
  if unfinished and not idle then
    was.uncertain_at = was.leased_until
  elseif was.uncertain then -- as an older version wrote it
    was.uncertain_at = was.uncertain_at or text(millis)
  elseif not was.uncertain_at and redis.call('EXISTS', KEYS[6]) == 1 then -- Redis may have forgotten one
    was.uncertain_at = text(millis)
  end
  was.fence = text(math.max(micros, tonumber(was.fence or 0) + 1))
  was.attempts, was.first_attempt_at = tostring(before + 1), was.first_attempt_at or now
  redis.call('HSET', KEYS[1], unpack(given({'imp_uid', imp_uid, 'status', 'retrying', 'attempts', was.attempts,
    'first_attempt_at', was.first_attempt_at, 'updated_at', now, 'fence', was.fence, 'leased_by', caller,
    'request', asked.id},
    {pg = asked.pg or pg, batch = asked.batch or batch, uncertain_at = was.uncertain_at})))
end
redis.call('HSET', KEYS[1], 'leased_until', leased_until)
if over then
  redis.call('HSET', KEYS[1], 'idle', '1')
else
  redis.call('HDEL', KEYS[1], 'idle')
end
redis.call('PERSIST', KEYS[1])
redis.call('ZADD', KEYS[3], leased_until, imp_uid)
return {'begun', was.fence, was.attempts, was.first_attempt_at, text(micros), failed and '1' or '',
  over and '1' or '', asked.id, asked.apply_num or '', asked.again or '',
  was.uncertain_at or '', was.asked_since or '', was.tries or '', was.refused_since or '', was.seen or '',
  asked.pg or ''}
