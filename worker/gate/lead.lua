-- Asks for the one job that there is at a gate: to probe while it is closed, to
-- bring retries forward once it is open. One process has it at a time, for as
-- long as it says that it lives.
--
-- KEYS  gate's hash
-- ARGV  process, how long it is believed to live in us, "1" to go on with the
--       job that it has
--
-- Returns the job and the epoch it belongs to; no job if there is none, or
-- another process has it.
local was = redis.call('HMGET', KEYS[1], 'state', 'epoch', 'probe_at', 'released', 'leader', 'leader_until')
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local mine = was[5] == ARGV[1]
local job = ''
if was[1] == 'closed' and tonumber(was[3] or 0) <= now then
  job = 'probe'
elseif was[1] == 'open' and not was[4] then
  job = 'release'
end
if job == '' or (ARGV[3] == '1' and not mine) or (was[5] and not mine and tonumber(was[6]) > now) then
  return {'', '0'}
end
redis.call('HSET', KEYS[1], 'leader', ARGV[1], 'leader_until', string.format('%.0f', now + tonumber(ARGV[2])))
return {job, was[2]}
