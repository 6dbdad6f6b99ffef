-- Keeps all processes from calling for a time, or for longer if an earlier hold is longer.
--
-- KEYS  {namespace}:hold
-- ARGV  the time in ms
--
-- Returns 1 if it is the longer one, else 0.
if redis.call('PTTL', KEYS[1]) >= tonumber(ARGV[1]) then
  return 0
end
redis.call('SET', KEYS[1], 1, 'PX', ARGV[1])
return 1
