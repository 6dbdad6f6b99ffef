-- beat counts a heartbeat of a process, and returns the count. One below a count that the process
-- has seen means that Redis lost what it had confirmed: attempts are uncertain for a day from then on.
-- A count ends a day after the last heartbeat of beat.lua, or after its first one here.
local beatLife = 86400000 -- ms
local function beat(process, seen)
  local key = prefix .. 'worker:' .. process
  local beats = redis.pcall('INCR', key)
  if type(beats) ~= 'number' then
    beats = 0 -- a person has written something else
  end
  if beats <= seen then
    if seen > 0 then
      redis.call('SET', prefix .. 'lossy', text(millis + beatLife), 'PX', beatLife)
    end
    beats = seen + 1
    redis.call('SET', key, text(beats), 'PX', beatLife)
  elseif beats == 1 then
    redis.call('PEXPIRE', key, beatLife)
  end
  return beats
end

