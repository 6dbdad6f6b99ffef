-- Records what is asked for, of a batch also what came of asking for each row: its
-- kind, and a digest that tells the same list from another. Rows that were asked for
-- before keep what they are, so that repeating it changes nothing.
--
-- ARGV  batch, empty for single requests; "1" to change nothing, without a batch; where its
--       list is; a name for who asks; the first row; the rows (5 bytes each: the kind, "?"
--       for one to be asked for, and the digest); then for each row imp_uid, its line as
--       the request's hash has it, and the other fields of that, in JSON
--
-- Returns "asked"; those of the rows that were asked for before, and the first row that
-- the same caller asked for, empty for none; the kinds of the rows after them, and besides
-- "k" for a queued one whose request was recorded before, "x" for another receipt, or that
-- of another tier, than the one that is being revoked; then of each single request the
-- status and apply_num, or where nothing is changed the reason. Or, with nothing recorded,
-- why: "gone" if there is no such batch, "cancelled", "longer" and the rows of its list, or
-- "other" and the first row that is another list's.
local batch, dry, first, rows = ARGV[2], ARGV[3] == '1', tonumber(ARGV[6]), ARGV[7]
local key, by = batchKey(batch), batch == '' and 'single' or 'in:' .. batch
local id, score = text(micros), text(millis) -- written once: a number would be for each row
local manners = {} -- of asking by their JSON, which most rows of a list have in common
local ofOne = {'withdrawn', 'apply_num', 'again', 'tier', 'pg', 'batch'}
local opened = {} -- scores and imp_uids of the set of the open ones
local none, recorded = false, {} -- whether Redis knew none of the imp_uids, and those recorded since

-- record writes a request that begins anew, and returns what ask does.
local function record(request, imp_uid, id, line, how)
  redis.call('HSET', request, 'id', id, by, line, unpack(how.fields))
  opened[#opened + 1], opened[#opened + 2] = score, imp_uid
  recorded[imp_uid] = true
  return 'q', 'queued', ''
end

-- bare returns the number of a receipt by which it is compared, as tasks.BareApplyNum does: without the zeros before
-- it, which Excel drops. Any other value it returns as it is.
local function bare(value) return value and string.match(value, '^0*([1-9]%d*)$') or value end

-- ask records one request, and returns its kind, the status of the imp_uid and the
-- number of its receipt, or the reason; or nil and an error.
local function ask(imp_uid, line, how)
  local outcome, request = outcomeKey(imp_uid), requestKey(imp_uid)
  if not dry and (none and not recorded[imp_uid] or redis.call('EXISTS', outcome, request) == 0) then -- as of most
    return record(request, imp_uid, id, line, how)
  end
  local o = redis.pcall('HMGET', outcome, 'status', 'reason', 'request', 'apply_num', 'leased_until', 'idle')
  local r = redis.pcall('HGETALL', request)
  if o.err or r.err then
    return nil, (o.err or r.err) .. ': ' .. imp_uid
  end
  local was, reason, of, apply_num, leased_until, idle = unpack(o)
  r = named(r)
  local is = current({status = was, request = of}, r)
  local status, ended = is and was or 'queued', is and ending(was, reason)
  local over = status ~= 'revoked' and withdrawn(r) -- all who asked have withdrawn it
  local function differs(name) return bare(how[name]) ~= bare(r[name]) and (over or how[name]) end
  local asked, other = r.id or was -- nothing new is; another receipt is being revoked
  if ended then
    local another = how.apply_num and bare(how.apply_num) ~= bare(apply_num or r.apply_num)
    asked = not (how.again or over or reason == 'withdrawn' or another)
  elseif over and not (is and not idle and tonumber(leased_until or 0) > millis) then
    asked = false -- and no attempt is running that may make a DELETE
  else
    other = asked and (differs('apply_num') or differs('tier') or over and differs('again'))
  end
  if dry then
    return other and 'x' or asked and 'e' or 'q', (r.id or was) and status or '', is and reason or ''
  elseif other then
    return 'x', status, r.apply_num or ''
  elseif not asked then
    redis.call('ZADD', openKey, millis, imp_uid) -- first, since memory that is full refuses it
    over = over and not ended -- batches that asked for it count the receipt's end
    local kept = over and r[by] or line
    redis.call(unpack(over and {'HDEL', request, unpack(ofOne)} or {'DEL', request}))
    local after = math.max(tonumber(r.id or 0), tonumber(of or 0)) + 1
    record(request, imp_uid, text(math.max(micros, after)), kept, how)
    return kept == line and 'q' or 'r', 'queued', ''
  end
  if not r.id and not ended then
    redis.call('HSET', request, 'id', of or id)
  elseif r.withdrawn then
    redis.call('HDEL', request, 'withdrawn')
  end
  local kind = 'e'
  if r[by] and batch ~= '' then
    kind = r[by] == line and 'k' or 'r'
  else
    redis.call('HSET', request, by, line)
  end
  if not ended then
    redis.call('ZADD', openKey, 'NX', millis, imp_uid) -- where its outcome was lost
    return kind, status, ''
  elseif kind ~= 'r' then -- also what ended while there was no batch to count it
    count({[by] = line}, nil, ended)
  end
  -- What asks for it ends with its outcome, or it would be open again.
  local left = redis.call('PTTL', outcome)
  redis.call('PEXPIRE', request, left > 0 and left or ttl)
  return kind, status, apply_num or ''
end

local kept, own = ''
if batch ~= '' then
  if redis.call('EXISTS', key) == 0 then
    if first > 1 then
      return {'gone'}
    end
    redis.call('HSET', key, 'started_at', now, 'changed_at', now, 'source', ARGV[4])
    redis.call('DEL', key .. ':rows', key .. ':counted')
    redis.call('ZADD', prefix .. 'batch-index', millis, batch)
  end
  local complete, cancelled_at, asker, asked_from = unpack(
    redis.call('HMGET', key, 'complete', 'cancelled_at', 'asker', 'asked_from'))
  if cancelled_at then
    return {'cancelled'}
  elseif complete and first + #rows / 5 - 1 > tonumber(complete) then
    return {'longer', complete}
  end
  -- Row 0 is none: from now on there is a key that can end with the batch.
  redis.call('SETBIT', key .. ':counted', 0, 0)
  local from = first * 5 - 5
  kept = #rows > 0 and redis.call('GETRANGE', key .. ':rows', from, from + #rows - 1) or ''
  for i = 1, #kept / 5 do
    if string.sub(kept, i * 5 - 3, i * 5) ~= string.sub(rows, i * 5 - 3, i * 5) then
      return {'other', tostring(first + i - 1)}
    end
  end
  own = asker == ARGV[5] and asked_from
  if not own and #kept < #rows then
    redis.call('HSET', key, 'asker', ARGV[5], 'asked_from', first + #kept / 5)
  end
end

local names = {q = 'queued', k = 'queued', e = 'elsewhere', r = 'repeated', i = 'invalid', x = 'invalid'}
local kinds, new, sums, reply = {}, {}, {expected = 0}, {'asked', kept, own or '', ''}
local keys = {}
for i = #kept / 5 + 1, #rows / 5 do
  if string.sub(rows, i * 5 - 4, i * 5 - 4) == '?' then
    local imp_uid = ARGV[i * 3 + 5]
    keys[#keys + 1], keys[#keys + 2] = outcomeKey(imp_uid), requestKey(imp_uid)
  end
end
none = not dry and #keys > 2 and redis.call('EXISTS', unpack(keys)) == 0 -- one call instead of one for each
for i = #kept / 5 + 1, #rows / 5 do
  local imp_uid, line, json = ARGV[i * 3 + 5], ARGV[i * 3 + 6], ARGV[i * 3 + 7]
  local how, kind, status, more = manners[json], string.sub(rows, i * 5 - 4, i * 5 - 4)
  if not how then
    how = cjson.decode(json)
    how.fields, how.cell = given({}, how), ':' .. (string.match(line, ' (.*)$') or '')
    manners[json] = how
  end
  if kind == '?' then
    kind, status, more = ask(imp_uid, line, how)
    if not kind then
      return redis.error_reply(status)
    elseif batch == '' then
      reply[#reply + 1], reply[#reply + 2] = status, more
    end
  end
  kinds[#kinds + 1] = kind
  local name = names[kind]
  new[#new + 1] = string.sub(name, 1, 1) .. string.sub(rows, i * 5 - 3, i * 5)
  local cell = name .. how.cell
  sums[cell] = (sums[cell] or 0) + 1
  sums.expected = sums.expected + ((name == 'queued' or name == 'elsewhere') and 1 or 0)
end
for i = 1, #opened, 200 do -- as many as one command takes
  redis.call('ZADD', openKey, unpack(opened, i, math.min(i + 199, #opened)))
end
if batch ~= '' then
  if #new > 0 then
    redis.call('SETRANGE', key .. ':rows', first * 5 - 5 + #kept, table.concat(new))
    for cell, sum in pairs(sums) do
      redis.call('HINCRBY', key, cell, sum)
    end
  end
  renew(key)
  settle(batch)
end
reply[4] = table.concat(kinds)
return reply
