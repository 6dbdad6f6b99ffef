-- Begins an attempt: counts it and marks it as running, unless the imp_uid has
-- a terminal outcome or another attempt is running.
--
-- KEYS  outcome hash, set of the open ones, followers, prefix of batches,
--       stream of batches
-- ARGV  lease in ms, life of the outcome in ms, now, a name for this call,
--       imp_uid, then batch and its line, both empty for none, and pg, empty
--       for none
--
-- Returns "terminal" and status; or "busy" and the ms until the other
-- attempt's lease ends; or "begun", fence, attempts, first_attempt_at, "1" if an
-- earlier attempt may have worked unseen, and "1" if one failed.
--
-- The fence is the time of Redis in microseconds: it grows with each attempt,
-- also over a Redis that lost its data, and no process's clock enters into it.
local lease, ttl, now, caller, imp_uid = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local batch, line, pg = ARGV[6], ARGV[7], ARGV[8]
local at = {followers = KEYS[3], prefix = KEYS[4], stream = KEYS[5], ttl = ttl, now = now}
local was = redis.call('HMGET', KEYS[1], 'status', 'fence', 'leased_until', 'attempts',
  'first_attempt_at', 'leased_by', 'uncertain', 'batch', 'reason', 'line')
local own = was[8] == batch and was[10] -- the line of this batch in the hash
local stranger = line ~= '' and own ~= line
if stranger and was[8] == batch and not own then
  adopt(at, KEYS[1], batch, line, was[1], was[9])
elseif stranger and (was[8] or ending(was[1])) then -- somebody else's, or another row's
  local counted = own or redis.call('HGET', at.followers, batch) or line
  follow(at, counted ~= line and batch .. ' ' .. line or batch, line, was[1], was[9])
end
if was[1] == 'revoked' or was[1] == 'dead' then
  return {'terminal', was[1]}
end

local time = redis.call('TIME')
local micros = tonumber(time[1]) * 1000000 + tonumber(time[2])
local millis = math.floor(micros / 1000)
local leased_until = string.format('%.0f', millis + lease)
local repeated = was[6] == caller -- the attempt that is counted last is this one
local before, reason = tonumber(was[4] or 0) - (repeated and 1 or 0), was[9]
local failed = (before > 0 or reason == 'pg_failure' or reason == 'unreachable' or
  reason == 'attempts_exhausted' or reason == 'unconfirmed') and '1' or '' -- the latter two: revived dead letters
if repeated then -- the call was repeated because its reply was lost
  redis.call('HSET', KEYS[1], 'leased_until', leased_until)
  redis.call('ZADD', KEYS[2], leased_until, imp_uid)
  return {'begun', was[2], was[4], was[5], was[7] or '', failed}
end
if was[3] and tonumber(was[3]) > millis then
  return {'busy', tostring(tonumber(was[3]) - millis)}
end
if was[3] then -- the attempt before never said how it ended
  was[7] = '1'
end

local fence = math.max(micros, tonumber(was[2] or 0) + 1)
local attempts = tonumber(was[4] or 0) + 1
local first = was[5] or now
redis.call('HSET', KEYS[1],
  'imp_uid', imp_uid, 'status', 'retrying', 'attempts', attempts,
  'first_attempt_at', first, 'updated_at', now,
  'fence', string.format('%.0f', fence),
  'leased_until', leased_until,
  'leased_by', caller)
for name, value in pairs({pg = pg, batch = not was[8] and batch or '', line = not was[8] and line or ''}) do
  if value ~= '' then
    redis.call('HSET', KEYS[1], name, value)
  end
end
if was[7] then
  redis.call('HSET', KEYS[1], 'uncertain', '1')
end
redis.call('PEXPIRE', KEYS[1], ttl)
redis.call('ZADD', KEYS[2], leased_until, imp_uid)
return {'begun', string.format('%.0f', fence), tostring(attempts), first, was[7] or '', failed}
