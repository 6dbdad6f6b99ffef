-- Counts a heartbeat of a worker. A count below one that the worker has seen means
-- that Redis lost what it had confirmed.
--
-- KEYS  the worker's count; the time in ms until which attempts are uncertain, after a loss
-- ARGV  the greatest count that the worker has seen, life of the count in ms
--
-- Returns the new count, and for how many ms attempts are uncertain from now on,
-- below 0 if they are not.
local seen, life = tonumber(ARGV[1]), tonumber(ARGV[2])
local beats = tonumber(redis.call('GET', KEYS[1]) or '') or 0
if beats < seen then
  local time = redis.call('TIME')
  local till = time[1] * 1000 + math.floor(time[2] / 1000) + life
  redis.call('SET', KEYS[2], string.format('%.0f', till), 'PX', life)
end
beats = math.max(beats, seen) + 1
redis.call('SET', KEYS[1], string.format('%.0f', beats), 'PX', life)
local left = redis.call('PTTL', KEYS[2])
return {beats, left == -1 and life or left} -- a person may have set no end
