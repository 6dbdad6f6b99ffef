-- Compares an account with that by which the workers of a namespace call PortOne, and
-- keeps it where none is known, or where a person accepts it.
--
-- KEYS  hash of the namespace's account
-- ARGV  fingerprint of the account, "1" if a person accepts it whatever it is, for how
--       many ms the account before is good beside it
--
-- Returns "same", "first", "accepted", or "other", and then nothing has changed.
local known = redis.call('HMGET', KEYS[1], 'current', 'previous', 'previous_until')
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
if known[1] == ARGV[1] or known[2] == ARGV[1] and now < (tonumber(known[3] or '') or 0) then
  return 'same'
elseif not known[1] then
  redis.call('HSET', KEYS[1], 'current', ARGV[1])
  return 'first'
elseif ARGV[2] ~= '1' then
  return 'other'
end
redis.call('HSET', KEYS[1], 'current', ARGV[1], 'previous', known[1],
  'previous_until', string.format('%.0f', now + tonumber(ARGV[3])))
return 'accepted'
