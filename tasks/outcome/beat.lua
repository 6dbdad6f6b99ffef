-- Counts a heartbeat of a worker. A count below one that the worker has seen means
-- that Redis lost what it had confirmed.
--
-- KEYS  the worker's count, the time until which attempts are uncertain
-- ARGV  the greatest count that the worker has seen, life of both keys in ms
--
-- Returns the new count, and for how many ms attempts are uncertain from now on,
-- below 0 if they are not.
local seen, life = tonumber(ARGV[1]), ARGV[2]
local count = tonumber(redis.call('GET', KEYS[1]) or '') or 0
if count < seen then
  local till = tonumber(redis.call('TIME')[1]) * 1000 + tonumber(life)
  redis.call('SET', KEYS[2], string.format('%.0f', till), 'PX', life)
end
count = string.format('%.0f', math.max(count, seen) + 1)
redis.call('SET', KEYS[1], count, 'PX', life)
local left = redis.call('PTTL', KEYS[2])
return {tonumber(count), left == -1 and tonumber(life) or left} -- a person may have set no end
