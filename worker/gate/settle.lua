-- Tells a gate of a success, that a process probes, of a probe that did not succeed,
-- or that a person opens it. It opens on a success that is newer than its closing.
-- What failed before a success no longer counts.
--
-- KEYS  gate's hash, set of those that failed, set of those that are brought forward
-- ARGV  "succeeded", "probing", "failed", "silent", or "open" for no reason of the
--       gateway's; epoch that it opens, "" for any; process, "" for a person; when the
--       success was in us, 0 for none; longest probe interval in us; for how long
--       nothing may have succeeded before the gate is waived, in us, 0 for ever;
--       how long a process is believed to probe in us; life of the keys in ms
--
-- Returns the time in s and us, the gate's names and values, and how many have failed.
local function text(n) return string.format('%.0f', n) end
local what, succeeded, longest, patience = ARGV[1], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local was = redis.call('HMGET', KEYS[1], 'state', 'epoch', 'succeeded_at', 'interval', 'probe_at', 'prober',
  'prober_until', 'failures', 'waited', 'reason')
local epoch, time = tonumber(was[2] or 0) or 0, redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local closed = was[1] == 'closed' and (ARGV[2] == '' or was[2] == ARGV[2])
local interval, due = tonumber(was[4] or longest) or longest, tonumber(was[5] or now) or now
local waited = (tonumber(was[9] or 0) or 0) + math.min(now - due, 120000000) + interval -- for probes that failed
local waived, late = what == 'failed' and patience > 0 and waited >= patience, false

if what == 'succeeded' then
  redis.call('HSET', KEYS[1], 'succeeded_at', text(math.max(succeeded, tonumber(was[3] or 0) or 0)))
  redis.call('HDEL', KEYS[1], 'waived')
  if not (closed and succeeded > epoch) then
    redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', text(succeeded))
    -- Told only now, it was before the closing: the count that closed the gate was wrong.
    late = closed and was[10] == '' and redis.call('ZCARD', KEYS[2]) < (tonumber(was[8] or 0) or 0)
  end
end
if closed and (succeeded > epoch or what == 'open' or waived or late) then
  for _, imp_uid in ipairs((waived or late) and {} or redis.call('ZRANGE', KEYS[2], 0, -1)) do
    redis.call('ZADD', KEYS[3], text(now), imp_uid)
  end
  if not late then
    redis.call('DEL', KEYS[2])
  end
  redis.call('HDEL', KEYS[1], 'owner', 'reason', 'failures', 'interval', 'probe_at', 'prober', 'prober_until', 'waited')
  redis.call('HSET', KEYS[1], 'state', 'open', 'epoch', text(math.max(now, epoch + 1)), 'opener', ARGV[3])
  if waived then
    redis.call('HSET', KEYS[1], 'waived', '1')
  end
elseif closed and what == 'probing' then
  local free = was[6] == ARGV[3] or (tonumber(was[7] or 0) or 0) <= now
  if free and due <= now then
    redis.call('HSET', KEYS[1], 'prober', ARGV[3], 'prober_until', text(now + tonumber(ARGV[7])))
  end
elseif closed and what ~= 'succeeded' then
  if what == 'failed' then
    redis.call('HSET', KEYS[1], 'waited', text(math.min(waited, patience)))
    interval = math.min(interval * 1.1, longest)
  end
  redis.call('HDEL', KEYS[1], 'prober', 'prober_until')
  redis.call('HSET', KEYS[1], 'interval', text(interval), 'probe_at', text(now + interval))
end
for i = 1, 3 do
  redis.call('PEXPIRE', KEYS[i], ARGV[8])
end
return {time[1], time[2], redis.call('HGETALL', KEYS[1]), redis.call('ZCARD', KEYS[2])}
