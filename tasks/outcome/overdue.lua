-- Reads what is overdue, and takes off the set of the open ones what has ended.
--
-- ARGV  how long ago in ms it should have gone on, how many to look at
--
-- Returns for each imp_uid that, "" if it is open, "withdrawn" if it is that as well,
-- "anew" if its outcome is that of an earlier request, "ended" if it has ended; its pg, batch, apply_num, tier.
local due, reply = text(millis - ARGV[2]), {}
for _, imp_uid in ipairs(redis.call('ZRANGEBYSCORE', openKey, '-inf', due, 'LIMIT', 0, ARGV[3])) do
  local o = redis.pcall('HMGET', outcomeKey(imp_uid), 'status', 'request')
  local r = redis.pcall('HMGET', requestKey(imp_uid), 'id', 'pg', 'batch', 'withdrawn', 'apply_num', 'tier')
  local over = not r[1] and not o[1] or ending(o[1])
  local own = current({status = o[1], request = o[2]}, {id = r[1]})
  local is = r[4] and 'withdrawn' or o[1] and not own and 'anew' or ''
  if over and own and not o.err and not r.err then
    redis.call('ZREM', openKey, imp_uid)
    is = 'ended'
  end
  local n = #reply
  for i, value in ipairs({imp_uid, is, r[2] or '', r[3] or '', r[5] or '', r[6] or ''}) do reply[n + i] = value end
end
return reply
