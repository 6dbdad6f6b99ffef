-- Makes an account the current one of a namespace, and the current one the former, which
-- stays good for a while. Or prolongs that while, where the account is the former itself.
--
-- KEYS  hash of the namespace's account
-- ARGV  key of the fingerprints, fingerprint of the account, for how many ms the former
--       account is good, "1" if a former account is prolonged and stays the former
--
-- Returns "accepted", "prolonged", or "" if nothing has changed: it is the current one,
-- or the fingerprints have another key since Redis was emptied.
local key, current, previous = unpack(redis.call('HMGET', KEYS[1], 'key', 'current', 'previous'))
if key ~= ARGV[1] or current == ARGV[2] then
  return ''
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local good_until = string.format('%.0f', now + tonumber(ARGV[3]))
if ARGV[4] == '1' and previous == ARGV[2] then
  redis.call('HSET', KEYS[1], 'previous_until', good_until)
  return 'prolonged'
end
redis.call('HSET', KEYS[1], 'current', ARGV[2], 'previous', current, 'previous_until', good_until)
return 'accepted'
