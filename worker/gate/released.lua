-- Says that nothing is left to be brought forward. A gate that stays open is
-- forgotten after a while.
--
-- KEYS  gate's hash
-- ARGV  epoch, process, how long it is remembered in ms
local was = redis.call('HMGET', KEYS[1], 'state', 'epoch', 'leader')
if was[1] ~= 'open' or was[2] ~= ARGV[1] or was[3] ~= ARGV[2] then
  return 0
end
redis.call('HDEL', KEYS[1], 'leader', 'leader_until')
redis.call('HSET', KEYS[1], 'released', '1')
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
