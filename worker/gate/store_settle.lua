-- Tells a gate of a success, that a process probes, of a probe that did not succeed, or
-- that the count begins anew for no reason of the gateway's. It opens on a success newer
-- than its closing, and on the last. What failed before no longer counts.
--
-- ARGV  "succeeded", "probing", "failed", "silent", or "open"; epoch that it opens, "" for
--       any; process, "" for a person; when the success was in us, 0 for none; longest probe
--       interval in us; for how long nothing may have succeeded before the gate is waived,
--       in us, 0 for ever; how long a process is believed to probe in us
local what, succeeded, longest, patience = ARGV[1], num(ARGV[4]), num(ARGV[5]), num(ARGV[6])
local state, epoch, succeeded_at, interval, due, prober, prober_until, failures, waited, reason = unpack(
  redis.call('HMGET', KEYS[1], 'state', 'epoch', 'succeeded_at', 'interval', 'probe_at', 'prober', 'prober_until',
    'failures', 'waited', 'reason'))
local closed = state == 'closed' and (ARGV[2] == '' or epoch == ARGV[2])
local epoch, failures, failed, moment, lenient = num(epoch), num(failures), what == 'failed', 60000000, 1000
local interval, due = tonumber(interval or longest) or longest, tonumber(due or now) or now
local waited = num(waited) + (failed and math.min(now - due, 120000000) + interval or 0) -- for probes that failed
local opens, waived, late = closed and what == 'open', closed and failed and patience > 0 and waited >= patience, false

if what == 'succeeded' then
  redis.call('HSET', KEYS[1], 'succeeded_at', text(math.max(succeeded, num(succeeded_at))))
  redis.call('HDEL', KEYS[1], 'waived', 'waited', 'suspects', 'failing_since')
  opens = closed and succeeded > epoch
  if not opens then
    redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', text(succeeded))
    -- Told only now, it was before the closing: the count that closed the gate was wrong.
    late = closed and reason == '' and redis.call('ZCARD', KEYS[2]) < failures
  elseif now - epoch < moment then -- no outage: for a while it takes twice as many
    redis.call('HSET', KEYS[1], 'spared', text(math.min(2 * failures, lenient)))
  end
end
if opens or waived or late then
  for _, imp_uid in ipairs((waived or late) and {} or redis.call('ZRANGE', KEYS[2], 0, -1)) do
    redis.call('ZADD', KEYS[3], text(now), imp_uid)
  end
  redis.call('HDEL', KEYS[1], 'owner', 'reason', 'failures', 'interval', 'probe_at', 'prober', 'prober_until',
    'suspects', 'failing_since')
  redis.call('HSET', KEYS[1], 'state', 'open', 'epoch', text(math.max(now, epoch + 1)), 'opener', ARGV[3],
    unpack(waived and {'waived', '1'} or {}))
elseif closed and what == 'probing' and due <= now and (prober == ARGV[3] or num(prober_until) <= now) then
  redis.call('HSET', KEYS[1], 'prober', ARGV[3], 'prober_until', text(now + num(ARGV[7])))
elseif closed and (failed or what == 'silent') then
  interval = failed and math.min(interval * 1.1, longest) or interval
  redis.call('HDEL', KEYS[1], 'prober', 'prober_until')
  redis.call('HSET', KEYS[1], 'interval', text(interval), 'probe_at', text(now + interval), 'waited', text(waited))
end
if opens or waived or what == 'open' then
  redis.call('DEL', KEYS[2])
end
return reply()
