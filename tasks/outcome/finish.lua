-- Finishes an attempt: writes the outcome and, if it is terminal, the stream
-- entry, the dead letter and what its batches count. Repeating it changes
-- nothing.
--
-- KEYS  outcome hash, set of the open ones, stream, set of dead letters,
--       followers, prefix of batches, stream of batches
-- ARGV  fence, "1" if the attempt does not count, "1" if it or an earlier one
--       may have worked unseen, life of the outcome in ms, now in ms, when it
--       goes on in ms, length of the stream, batch and its line, both empty for
--       none, then the outcome's names and values but for batch, attempts and
--       first_attempt_at; the values of the latter two, as far as the attempt
--       knows, come last
--
-- Returns "written", or why it was not: "late" if a newer attempt knows
-- better, "repeated" if it already stands there.
local fence, uncounted, uncertain, ttl = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4]
local now, due, maxlen, batch, line = ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9]
local fields = {}
for i = 10, #ARGV do
  fields[#fields + 1] = ARGV[i]
end
local attempts, first = table.remove(fields), table.remove(fields)
local new = {}
for i = 1, #fields, 2 do
  new[fields[i]] = fields[i + 1]
end

-- Revoked wins over everything; otherwise the newer attempt wins.
local was = redis.call('HMGET', KEYS[1], 'status', 'fence', 'leased_until', 'attempts', 'first_attempt_at',
  'reason', 'batch', 'line')
if was[1] == 'revoked' then
  return 'repeated'
end
local latest = tonumber(was[2] or 0)
if new.status ~= 'revoked' then
  if was[1] == 'dead' or (fence == latest and not was[3]) then
    return 'repeated'
  end
  if fence < latest then
    return 'late'
  end
end

-- Where the hash was lost, the attempt itself remembers.
attempts = tonumber(was[4] or attempts)
if uncounted == '1' and attempts > 0 then
  attempts = attempts - 1
end
if was[7] then
  batch, line = was[7], was[8] or ''
end
for _, item in ipairs({'attempts', tostring(attempts), 'first_attempt_at', was[5] or first}) do
  fields[#fields + 1] = item
end
if batch ~= '' then
  fields[#fields + 1], fields[#fields + 2] = 'batch', batch
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(fields))
redis.call('PEXPIRE', KEYS[1], ttl)
if line ~= '' then
  redis.call('HSET', KEYS[1], 'line', line)
end

if new.status ~= 'revoked' then -- both outlive a dead letter, which may be revived
  redis.call('HSET', KEYS[1], 'fence', string.format('%.0f', fence))
  if uncertain == '1' then
    redis.call('HSET', KEYS[1], 'uncertain', '1')
  end
end
if new.status == 'retrying' then
  redis.call('ZADD', KEYS[2], due, new.imp_uid)
  return 'written'
end
redis.call('ZREM', KEYS[2], new.imp_uid)
redis.call('XADD', KEYS[3], 'MAXLEN', '~', maxlen, '*', unpack(fields))
if new.status == 'dead' then
  redis.call('ZADD', KEYS[4], now, new.imp_uid)
else
  redis.call('ZREM', KEYS[4], new.imp_uid)
end
local at = {followers = KEYS[5], prefix = KEYS[6], stream = KEYS[7], ttl = ttl, now = new.updated_at}
countAll(at, batch, line, ending(was[1], was[6]), ending(new.status, new.reason))
return 'written'
