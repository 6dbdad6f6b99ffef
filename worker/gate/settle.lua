-- Says what a probe found, or that a person opened the gate. It does nothing if
-- the gate has closed or opened since, or another process has taken the probe
-- over.
--
-- KEYS  gate's hash
-- ARGV  epoch, process or "" for a person, what follows ("open", "failed" or
--       "again"), longest probe interval in us, the imp_uids that were tried
--
-- Returns 1 if it was done.
local was = redis.call('HMGET', KEYS[1], 'state', 'epoch', 'leader', 'interval')
if was[1] ~= 'closed' or was[2] ~= ARGV[1] or (ARGV[2] ~= '' and was[3] ~= ARGV[2]) then
  return 0
end
local time = redis.call('TIME')
local now = math.max(tonumber(time[1]) * 1000000 + tonumber(time[2]), tonumber(was[2]) + 1)
local interval = tonumber(was[4])
local function text(n) return string.format('%.0f', n) end
if ARGV[3] == 'open' then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'state', 'open', 'epoch', text(now), 'interval', text(interval),
    'opener', ARGV[2])
  return 1
end
if ARGV[3] == 'failed' then
  interval = math.min(math.ceil(interval * 1.1), tonumber(ARGV[4]))
end
redis.call('HDEL', KEYS[1], 'leader', 'leader_until')
redis.call('HSET', KEYS[1], 'interval', text(interval), 'probe_at', text(now + interval), 'tried', ARGV[5])
return 1
