-- Records what is asked for, of a batch also what came of asking for each row: its
-- kind, and a digest that tells the same list from another. Rows that were asked for
-- before keep what they are, so that repeating it changes nothing.
--
-- KEYS  set of the open ones, prefix of outcomes, prefix of requests, prefix of
--       batches, index of batches, stream of batches
-- ARGV  life of a batch in ms; batch, empty for a single request; where its list is;
--       the first row; digests of the rows (4 bytes each); their kinds (a byte each,
--       "?" for one to be asked for); a name for who asks; then for each row imp_uid and how
--       it is asked for: the gateway by which it is counted, and, unless that is its pg and there is
--       nothing else, tabs and apply_num, "1" for the receipt that exists now, and pg
--
-- Returns "asked"; two letters for each row, its kind, "x" for another receipt than the
-- one that is being revoked, and "+" if it is to be enqueued, "b" if it was asked for
-- before, or "-"; then the status of the imp_uid of a single request, and its
-- apply_num. Or, with nothing recorded, why: "gone" if there is no such batch,
-- "cancelled", "longer" and the rows of its list, or "other" and the first row that is
-- another list's.
local batch, first, digests, kinds = ARGV[2], tonumber(ARGV[4]), ARGV[5], ARGV[6]
local together = 100 -- rows for which one command is enough
local by = batch == '' and 'single' or 'in:' .. batch
local score = text(millis) -- written once: a number would be for each of them
local opened = {} -- scores and imp_uids of the set of the open ones
local at, key = {prefix = KEYS[4], stream = KEYS[6], ttl = ARGV[1]}, KEYS[4] .. batch

-- before returns what is kept of the batch's rows, or why nothing is asked for.
local function before()
  if redis.call('EXISTS', key) == 0 then
    if first > 1 then
      return nil, {'gone'}
    end
    redis.call('HSET', key, 'started_at', now, 'changed_at', now, 'source', ARGV[3])
    redis.call('DEL', key .. ':rows', key .. ':counted')
    redis.call('ZADD', KEYS[5], millis, batch)
  end
  local was = redis.call('HMGET', key, 'complete', 'cancelled_at')
  if was[2] then
    return nil, {'cancelled'}
  elseif was[1] and first + #kinds - 1 > tonumber(was[1]) then
    return nil, {'longer', was[1]}
  end
  redis.call('SETBIT', key .. ':counted', 0, 0) -- no row's; from now on there is a key that can end with the batch
  local kept = redis.call('GETRANGE', key .. ':rows', first * 5 - 5, (first + #kinds) * 5 - 6)
  for i = 1, math.min(math.floor(#kept / 5), #kinds) do
    if string.sub(kept, i * 5 - 3, i * 5) ~= string.sub(digests, i * 4 - 3, i * 4) then
      return nil, {'other', tostring(first + i - 1)}
    end
  end
  return kept
end

-- join lets one more ask for what was asked for before, and returns its kind.
local function join(request, line, counted, ended)
  if batch == '' then
    redis.call('HSET', request, 'single', '1')
    return 'e'
  elseif counted then
    if ended and counted == line then -- it ended while there was no batch to count it
      count(at, batch, line, nil, ended)
    end
    return counted == line and 'q' or 'r'
  end
  redis.call('HSET', request, 'in:' .. batch, line)
  if ended then
    count(at, batch, line, nil, ended)
  end
  return 'e'
end

-- manner returns pg, apply_num and again of how a row is asked for, and the gateway by
-- which it is counted.
local function manner(how)
  if not string.find(how, '\t', 1, true) then
    return how, '', '', how
  end
  local as, apply_num, again, pg = string.match(how, '^(.-)\t(.-)\t(.-)\t(.*)$')
  return pg, apply_num, again, as
end

-- record writes a request that begins anew, and returns what ask does.
local function record(request, imp_uid, id, line, pg, apply_num, again)
  if pg ~= '' and batch ~= '' and apply_num == '' and again == '' then -- as most are
    redis.call('HSET', request, 'id', id, by, line, 'pg', pg, 'batch', batch)
  else
    redis.call('HSET', request, unpack(given({'id', id, by, batch == '' and '1' or line},
      {pg = pg, batch = batch, apply_num = apply_num, again = again})))
  end
  opened[#opened + 1], opened[#opened + 2] = score, imp_uid
  return 'q', '+', 'queued', ''
end

-- ask records one request, and returns its kind, whether it is to be enqueued, the
-- status of the imp_uid and the number of its receipt.
local function ask(imp_uid, line, pg, apply_num, again)
  local request = KEYS[3] .. imp_uid
  local o = redis.call('HMGET', KEYS[2] .. imp_uid, 'status', 'reason', 'request', 'apply_num')
  local r = redis.call('HMGET', request, 'id', 'apply_num', 'withdrawn', 'in:' .. batch)
  local asked, is = r[1] or o[1], current({status = o[1], request = o[3]}, {id = r[1]})
  local ended = is and ending(o[1], o[2])
  if ended then
    local another = apply_num ~= '' and apply_num ~= (o[4] or r[2])
    asked = again == '' and o[2] ~= 'withdrawn' and not another
  elseif asked and apply_num ~= '' and apply_num ~= r[2] then
    return 'x', '-', is and o[1] or 'queued', r[2] or ''
  end
  if asked then
    if not r[1] and not ended then
      redis.call('HSET', request, 'id', o[3] or text(micros))
    elseif r[3] then
      redis.call('HDEL', request, 'withdrawn')
    end
    local kind = join(request, line, r[4], ended)
    if ended then -- what asks for it ends with its outcome, or it would be open again
      local left = redis.call('PTTL', KEYS[2] .. imp_uid)
      redis.call('PEXPIRE', request, left > 0 and left or ARGV[1])
      return kind, '-', o[1], o[4] or ''
    end
    redis.call('ZADD', KEYS[1], 'NX', millis, imp_uid) -- where its outcome was lost
    local status = is and o[1] or 'queued'
    return kind, batch == '' and status == 'queued' and '+' or '-', status, ''
  end
  if r[1] then
    redis.call('ZADD', KEYS[1], millis, imp_uid) -- first, since memory that is full refuses it
    redis.call('DEL', request)
  end
  local id = text(math.max(micros, tonumber(r[1] or 0) + 1, tonumber(o[3] or 0) + 1))
  return record(request, imp_uid, id, line, pg, apply_num, again)
end

-- unknown reports whether nothing is kept of any imp_uid of the rows from the i-th on,
-- as of most lists' lines, which one command tells of all of them.
local function unknown(i)
  local keys, seen = {}, {}
  for n = i, math.min(i + together - 1, #kinds) do
    local imp_uid = ARGV[6 + n * 2]
    if string.sub(kinds, n, n) == '?' then
      if seen[imp_uid] then
        return false
      end
      seen[imp_uid] = true
      keys[#keys + 1], keys[#keys + 2] = KEYS[2] .. imp_uid, KEYS[3] .. imp_uid
    end
  end
  return #keys > 0 and redis.call('EXISTS', unpack(keys)) == 0
end

local kept, refused, own = '', nil, math.huge -- own is the first row that the same caller has recorded
if batch ~= '' then
  kept, refused = before()
  if refused then
    return refused
  end
  local asker = redis.call('HMGET', key, 'asker', 'asked_from')
  if asker[1] == ARGV[7] then
    own = tonumber(asker[2])
  elseif #kept < #kinds * 5 then
    redis.call('HSET', key, 'asker', ARGV[7], 'asked_from', first + math.floor(#kept / 5))
  end
end
local names = {q = 'queued', e = 'elsewhere', r = 'repeated', i = 'invalid'}
local rows, sums, expected, id, all_new = {kept}, {}, 0, text(micros), false
local replies, status, number = {}, nil, nil
for i = 1, #kinds do
  local imp_uid, kind, enqueue = ARGV[6 + i * 2], string.sub(kinds, i, i), '-'
  if i % together == 1 then
    all_new = batch ~= '' and i * 5 > #kept and unknown(i)
  end
  if i * 5 <= #kept then
    kind, enqueue = string.sub(kept, i * 5 - 4, i * 5 - 4), 'b'
    if first + i - 1 >= own then -- the reply to its caller was lost
      enqueue = kind == 'q' and '+' or '-'
    end
  else
    local pg, apply_num, again, as = manner(ARGV[7 + i * 2])
    if kind == '?' then
      local line = string.format('%d %s', first + i - 1, as)
      if all_new then
        kind, enqueue = record(KEYS[3] .. imp_uid, imp_uid, id, line, pg, apply_num, again)
      else
        kind, enqueue, status, number = ask(imp_uid, line, pg, apply_num, again)
      end
    end
    local row = kind == 'x' and 'i' or kind
    rows[#rows + 1] = row .. string.sub(digests, i * 4 - 3, i * 4)
    local cell = names[row] .. ':' .. as
    sums[cell] = (sums[cell] or 0) + 1
    expected = expected + ((row == 'q' or row == 'e') and 1 or 0)
  end
  replies[i] = kind .. enqueue
  if #opened >= 2 * together or i == #kinds and #opened > 0 then
    redis.call('ZADD', KEYS[1], unpack(opened))
    opened = {}
  end
end
if batch ~= '' and #rows > 1 then
  redis.call('SETRANGE', key .. ':rows', first * 5 - 5, table.concat(rows))
  for cell, sum in pairs(sums) do
    redis.call('HINCRBY', key, cell, sum)
  end
  redis.call('HINCRBY', key, 'expected', expected)
end
if batch ~= '' then
  renew(at, key)
  settle(at, batch, key)
end
return {'asked', table.concat(replies), status or '', number or ''}
