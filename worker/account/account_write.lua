-- Writes the account of a namespace where none is known.
--
-- KEYS  hash of the namespace's account
-- ARGV  key of the fingerprints, fingerprint of the current account, fingerprint of the
--       former one ('' for none), until when that is good, in ms since 1970
--
-- Returns 1 if it was written, 0 if one is known.
if (redis.call('HGET', KEYS[1], 'current') or '') ~= '' then
  return 0
end
redis.call('HSET', KEYS[1], 'key', ARGV[1], 'current', ARGV[2])
if ARGV[3] ~= '' then
  redis.call('HSET', KEYS[1], 'previous', ARGV[3], 'previous_until', ARGV[4])
end
return 1
