-- Counts a receipt whose call failed, and closes the gate if enough different ones
-- have failed since the gateway's last success.
--
-- KEYS  gate's hash, set of the receipts that failed since the last success
-- ARGV  epoch in which the call began; imp_uid, "" for a suspect, which does not
--       count; when the caller's last success was, in us, 0 for none; at how many
--       the gate closes; how many are enough once the first of them failed so long
--       ago, and how long that is, in us; why it closes whatever was counted, "" if
--       it does not; owner; cause; first probe interval in us; life of the keys in ms
--
-- Returns the time of Redis in seconds and microseconds, the gate's names and
-- values, and how many have failed.
local function text(n) return string.format('%.0f', n) end
local imp_uid, succeeded, most, reason = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[7]
local was = redis.call('HMGET', KEYS[1], 'state', 'epoch', 'succeeded_at', 'waived')
local epoch, time = tonumber(was[2] or 0) or 0, redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local current = epoch == tonumber(ARGV[1]) -- the gate has not closed or opened since

if succeeded > (tonumber(was[3] or 0) or 0) then
  redis.call('HSET', KEYS[1], 'succeeded_at', text(succeeded))
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', text(succeeded))
end
if imp_uid ~= '' and (current or was[1] == 'closed') and not was[4] and not redis.call('ZSCORE', KEYS[2], imp_uid) then
  redis.call('ZADD', KEYS[2], text(now), imp_uid)
end
local failed, first = redis.call('ZCARD', KEYS[2]), redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')[2]
local enough = failed >= most or failed >= tonumber(ARGV[5]) and now - (tonumber(first or now) or now) >= tonumber(ARGV[6])
if (enough or reason ~= '') and current and was[1] ~= 'closed' and not was[4] then
  local closed = math.max(now, epoch + 1)
  redis.call('HSET', KEYS[1], 'state', 'closed', 'epoch', text(closed), 'owner', ARGV[8], 'reason', reason, 'cause', ARGV[9],
    'failures', failed, 'interval', ARGV[10], 'probe_at', text(closed + tonumber(ARGV[10])))
end
redis.call('PEXPIRE', KEYS[1], ARGV[11])
redis.call('PEXPIRE', KEYS[2], ARGV[11])
return {time[1], time[2], redis.call('HGETALL', KEYS[1]), failed}
