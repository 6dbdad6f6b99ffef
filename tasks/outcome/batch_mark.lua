-- Marks rows of a batch as answered: what became of asking for each, and a
-- digest that tells the same list from another. Rows that were marked before
-- keep what they are, so that repeating it changes nothing; those that were
-- only reserved are marked.
--
-- KEYS  batch, its rows, prefix of batches, stream of batches
-- ARGV  batch, life of a batch in ms, now, the first row, digests of the rows
--       (4 bytes each), their kinds (a byte each, "." for not answered), the
--       numbers of their gateways among those that follow (a byte each, from
--       1), then gateways
--
-- Returns how many rows were not marked before; -1 if there is no such batch; or
-- -2, having marked nothing, if some have another digest.
local batch, ttl, now, first = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local digests, kinds, gateways = ARGV[5], ARGV[6], ARGV[7]
local names = {q = 'queued', e = 'elsewhere', r = 'repeated', i = 'invalid'}
if redis.call('EXISTS', KEYS[1]) == 0 then
  return -1
end

local from = (first - 1) * 5
local was = redis.call('GETRANGE', KEYS[2], from, from + #kinds * 5 - 1)
local rows, sums, fresh, expected = {}, {}, 0, 0
for i = 1, #kinds do
  local kind, before = string.sub(kinds, i, i), string.sub(was, i * 5 - 4, i * 5)
  local known = #before == 5 and string.byte(before) ~= 0
  if known and kind ~= '.' and string.sub(before, 2) ~= string.sub(digests, i * 4 - 3, i * 4) then
    return -2
  end
  if known and (kind == '.' or string.sub(before, 1, 1) ~= 's') then
    rows[i] = before
  elseif kind == '.' then
    rows[i] = '\0\0\0\0\0'
  else
    rows[i] = kind .. string.sub(digests, i * 4 - 3, i * 4)
    local cell = names[kind] .. ':' .. ARGV[7 + string.byte(gateways, i)]
    sums[cell] = (sums[cell] or 0) + 1
    fresh = fresh + 1
    if kind == 'q' or kind == 'e' then
      expected = expected + 1
    end
  end
end
if fresh == 0 then
  return 0
end
redis.call('SETRANGE', KEYS[2], from, table.concat(rows))
renew({ttl = ttl}, KEYS[1])
for cell, sum in pairs(sums) do
  redis.call('HINCRBY', KEYS[1], cell, sum)
end
redis.call('HINCRBY', KEYS[1], 'expected', expected)
if tonumber(redis.call('HGET', KEYS[1], 'complete') or first) < first then
  redis.call('HDEL', KEYS[1], 'complete') -- another list has begun
end
settle({prefix = KEYS[3], stream = KEYS[4], ttl = ttl, now = now}, batch, KEYS[1])
return fresh
