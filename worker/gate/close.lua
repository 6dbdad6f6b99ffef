-- Closes a gate, unless it has closed or opened since the caller looked.
--
-- KEYS  gate's hash
-- ARGV  the epoch that the caller knows, owner, reason, first probe interval in
--       us, longest in us, how long it must have been open for the intervals
--       to start anew, in us
--
-- Returns the new epoch, or 0 if nothing was done.
local first, longest, calm = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local was = redis.call('HMGET', KEYS[1], 'state', 'epoch', 'interval')
local epoch = tonumber(was[2] or 0)
if was[1] == 'closed' or epoch ~= tonumber(ARGV[1]) then
  return '0'
end
local time = redis.call('TIME')
local now = math.max(tonumber(time[1]) * 1000000 + tonumber(time[2]), epoch + 1)
local interval = first
if was[3] and now - epoch < calm then -- it was not back, or not for long
  interval = math.min(math.max(tonumber(was[3]), first), longest)
end
local function text(n) return string.format('%.0f', n) end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'state', 'closed', 'epoch', text(now), 'owner', ARGV[2], 'reason', ARGV[3],
  'interval', text(interval), 'probe_at', text(now + interval))
return text(now)
