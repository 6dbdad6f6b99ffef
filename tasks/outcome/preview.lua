-- Tells what would come of asking for imp_uids, and changes nothing.
--
-- ARGV  for each its imp_uid; the apply_num of the receipt that is meant, empty for
--       whichever there is; "1" for the one that exists now, else empty; and its tier, or
--       empty
--
-- Returns for each the kind as the script that asks does, and of what is known its status
-- and its reason, each after a blank.
local function preview(imp_uid, apply_num, again, tier)
  if redis.call('EXISTS', outcomeKey(imp_uid), requestKey(imp_uid)) == 0 then -- as of most
    return 'q'
  end
  local how = named(given({}, {apply_num = apply_num, again = again, tier = tier}))
  local f = found(imp_uid, how)
  if f.err or not (f.r.id or f.o[1]) then
    return f.err and f or 'q'
  end
  local kind = f.other and 'x' or f.asked and 'e' or 'q'
  return kind .. ' ' .. f.status .. ' ' .. (f.reason or '')
end

local reply = {}
for i = 2, #ARGV, 4 do
  local expected = preview(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3])
  if type(expected) == 'table' then
    return redis.error_reply(expected.err)
  end
  reply[#reply + 1] = expected
end
return reply
