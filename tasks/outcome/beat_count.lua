-- beat counts a heartbeat of a process, and returns the count. One below a count that the process
-- has seen means that Redis lost what it had confirmed: attempts are uncertain for a day from then on.
local beatLife = 86400000 -- ms
local function beat(process, seen)
  local key = prefix .. 'worker:' .. process
  local beats = tonumber(redis.call('GET', key) or '') or 0
  if beats < seen then
    redis.call('SET', prefix .. 'lossy', text(millis + beatLife), 'PX', beatLife)
  end
  beats = math.max(beats, seen) + 1
  redis.call('SET', key, text(beats), 'PX', beatLife)
  return beats
end

