-- Reserves rows of a batch for a list, before anything of them is asked for, so
-- that no other list can take them. Repeating it changes nothing.
--
-- KEYS  batch, its rows
-- ARGV  life of a batch in ms, the first row, the rows as they are to be: a kind
--       that says reserved, and a digest of 4 bytes
--
-- Returns 1; -1 if there is no such batch; or -2, having reserved nothing, if
-- some rows have another digest.
local slots = ARGV[3]
if redis.call('EXISTS', KEYS[1]) == 0 then
  return -1
end
local from = (tonumber(ARGV[2]) - 1) * 5
local was = redis.call('GETRANGE', KEYS[2], from, from + #slots - 1)
if was ~= '' then
  local rows = {}
  for i = 1, #slots, 5 do
    local slot, before = string.sub(slots, i, i + 4), string.sub(was, i, i + 4)
    if #before < 5 or string.byte(before) == 0 then
      rows[#rows + 1] = slot
    elseif string.sub(before, 2) == string.sub(slot, 2) then
      rows[#rows + 1] = before
    else
      return -2
    end
  end
  slots = table.concat(rows)
end
redis.call('SETRANGE', KEYS[2], from, slots)
renew({ttl = ARGV[1]}, KEYS[1])
return 1
