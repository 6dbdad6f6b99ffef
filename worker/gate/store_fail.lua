-- Counts a call that failed, and closes the gate if enough different receipts have
-- failed since the gateway's last success.
--
-- ARGV  epoch in which the call began; imp_uid, "" for a suspect; when the caller's last
--       success was, in us, 0 for none; at how many the gate closes; how many are enough
--       once nothing has succeeded for so long, and how long that is, in us; why it closes
--       whatever was counted, "" if it does not; owner; cause; first probe interval in us
local imp_uid, succeeded, most, least = ARGV[2], num(ARGV[3]), num(ARGV[4]), num(ARGV[5])
local long, reason = num(ARGV[6]), ARGV[7]
local state, epoch, succeeded_at, waived, spared, since = unpack(redis.call('HMGET', KEYS[1],
  'state', 'epoch', 'succeeded_at', 'waived', 'spared', 'failing_since'))
local epoch, since, suspects = num(epoch), tonumber(since or now) or now, 0
local current = epoch == num(ARGV[1]) and not waived -- the gate has not closed or opened since
if succeeded > num(succeeded_at) then
  redis.call('HSET', KEYS[1], 'succeeded_at', text(succeeded))
  redis.call('HDEL', KEYS[1], 'failing_since', 'suspects', 'waited')
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', text(succeeded))
  since = now
end
redis.call('HSETNX', KEYS[1], 'failing_since', text(now))
if imp_uid ~= '' and (current or state == 'closed' and not waived) then
  redis.call('ZADD', KEYS[2], 'NX', text(now), imp_uid)
elseif current then
  suspects = redis.call('HINCRBY', KEYS[1], 'suspects', 1)
end
if now - epoch < long then
  most = math.max(most, num(spared)) -- it closed for a moment, on a part of a list
end
local counted, late = redis.call('ZCARD', KEYS[2]), now - since >= long
if late and counted < least and counted + suspects >= most then
  reason = counted + suspects .. ' calls failed, and nothing has succeeded for ten minutes'
end
if (counted >= most or late and counted >= least or reason ~= '') and current and state ~= 'closed' then
  epoch = math.max(now, epoch + 1)
  redis.call('HSET', KEYS[1], 'state', 'closed', 'epoch', text(epoch), 'owner', ARGV[8], 'reason', reason,
    'cause', ARGV[9], 'failures', counted, 'interval', ARGV[10], 'probe_at', text(epoch + num(ARGV[10])))
end
return reply()
