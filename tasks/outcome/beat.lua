-- Counts a heartbeat of a worker's process.
--
-- ARGV  the process, the greatest count that it has seen
--
-- Returns the new count, and for how many ms attempts are uncertain from now on,
-- below 0 if they are not.
local beats = beat(ARGV[2], tonumber(ARGV[3]))
redis.call('PEXPIRE', prefix .. 'worker:' .. ARGV[2], beatLife)
local left = redis.call('PTTL', prefix .. 'lossy')
return {beats, left == -1 and beatLife or left} -- a person may have set no end
