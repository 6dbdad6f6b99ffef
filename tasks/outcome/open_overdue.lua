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
  local status, request = unpack(o)
  local id, pg, batch, withdrawn, apply_num, tier = unpack(r)
  local over = not id and not status or ending(status)
  local own = current({status = status, request = request}, {id = id})
  local is = withdrawn and 'withdrawn' or status and not own and 'anew' or ''
  if over and own and not o.err and not r.err then
    redis.call('ZREM', openKey, imp_uid)
    is = 'ended'
  end
  for _, value in ipairs({imp_uid, is, pg or '', batch or '', apply_num or '', tier or ''}) do
    reply[#reply + 1] = value
  end
end
return reply
