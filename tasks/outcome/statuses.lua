-- Reads the statuses of imp_uids, most of which have none.
--
-- KEYS  prefix of outcomes; the hashes are on the same node
-- ARGV  imp_uids
--
-- Returns, for each imp_uid that has a status, which argument it is and the
-- status.
local found = {}
for i, imp_uid in ipairs(ARGV) do
  local status = redis.call('HGET', KEYS[1] .. imp_uid, 'status')
  if status then
    found[#found + 1] = i
    found[#found + 1] = status
  end
end
return found
