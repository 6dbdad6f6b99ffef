-- Reads what is overdue, and takes off the set of the open ones what has ended.
--
-- ARGV  how long ago in ms it should have gone on, how many to look at
--
-- Returns for each imp_uid that, "" if it is open, "1" if it is withdrawn as well, "ended"
-- if it has ended; pg and batch.
local due, reply = text(millis - ARGV[2]), {}
for _, imp_uid in ipairs(redis.call('ZRANGEBYSCORE', openKey, '-inf', due, 'LIMIT', 0, ARGV[3])) do
  local o = redis.pcall('HMGET', outcomeKey(imp_uid), 'status', 'request')
  local r = redis.pcall('HMGET', requestKey(imp_uid), 'id', 'pg', 'batch', 'withdrawn')
  local is, over = r[4] or '', not r[1] and not o[1] or ending(o[1])
  if over and not o.err and not r.err and current({status = o[1], request = o[2]}, {id = r[1]}) then
    redis.call('ZREM', openKey, imp_uid)
    is = 'ended'
  end
  local n = #reply
  reply[n + 1], reply[n + 2], reply[n + 3], reply[n + 4] = imp_uid, is, r[2] or '', r[3] or ''
end
return reply
