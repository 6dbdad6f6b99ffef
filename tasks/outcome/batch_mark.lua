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
if redis.call('EXISTS', KEYS[1]) == 0 then
  return -1
end

-- Kinds are told by their bytes, which makes a string less for each row.
local byte, char = string.byte, string.char
local unanswered, reserved, queued, elsewhere = byte('.'), byte('s'), byte('q'), byte('e')
local names = {[queued] = 'queued', [elsewhere] = 'elsewhere', [byte('r')] = 'repeated', [byte('i')] = 'invalid'}
local from = (first - 1) * 5
local was = redis.call('GETRANGE', KEYS[2], from, from + #kinds * 5 - 1)
local rows, sums, fresh, expected = {}, {}, 0, 0
for i = 1, #kinds do
  local kind = byte(kinds, i)
  local before, a, b, c, d = byte(was, i * 5 - 4, i * 5)
  local w, x, y, z = byte(digests, i * 4 - 3, i * 4)
  local known = before and before ~= 0
  if known and kind ~= unanswered and (a ~= w or b ~= x or c ~= y or d ~= z) then
    return -2
  end
  if known and (kind == unanswered or before ~= reserved) then
    rows[i] = char(before, a, b, c, d)
  elseif kind == unanswered then
    rows[i] = '\0\0\0\0\0'
  else
    rows[i] = char(kind, w, x, y, z)
    local cell = kind * 256 + byte(gateways, i)
    sums[cell] = (sums[cell] or 0) + 1
    fresh = fresh + 1
    if kind == queued or kind == elsewhere then
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
  redis.call('HINCRBY', KEYS[1], names[math.floor(cell / 256)] .. ':' .. ARGV[7 + cell % 256], sum)
end
redis.call('HINCRBY', KEYS[1], 'expected', expected)
if tonumber(redis.call('HGET', KEYS[1], 'complete') or first) < first then
  redis.call('HDEL', KEYS[1], 'complete') -- another list has begun
end
settle({prefix = KEYS[3], stream = KEYS[4], ttl = ttl, now = now}, batch, KEYS[1])
return fresh
