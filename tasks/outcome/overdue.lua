-- Reads what is overdue, and takes off the set of the open ones what has ended.
--
-- KEYS  set of the open ones, prefix of outcomes, prefix of requests
-- ARGV  how long ago in ms it should have gone on, how many to look at
--
-- Returns for each imp_uid that, "" if it is open, "1" if it is withdrawn as well, "ended"
-- if it has ended; pg and batch.
local due, reply = text(millis - tonumber(ARGV[1])), {}
for _, imp_uid in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', due, 'LIMIT', 0, ARGV[2])) do
  local o = redis.pcall('HMGET', KEYS[2] .. imp_uid, 'status', 'request')
  local r = redis.pcall('HMGET', KEYS[3] .. imp_uid, 'id', 'pg', 'batch', 'withdrawn')
  local is = r[4] or ''
  if not o.err and not r.err and (not r[1] and not o[1] or current({status = o[1], request = o[2]}, {id = r[1]}) and ending(o[1])) then
    redis.call('ZREM', KEYS[1], imp_uid)
    is = 'ended'
  end
  for _, value in ipairs({imp_uid, is, r[2] or '', r[3] or ''}) do
    reply[#reply + 1] = value
  end
end
return reply
