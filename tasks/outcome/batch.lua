-- What several scripts share, each of which stands behind it.
--
-- A request's hash says what is asked for an imp_uid, and by whom: single is a
-- request for this one receipt, and in:<batch> the line of a batch, which is its
-- row and the gateway by which it is counted, as "17 kcp". Its id is the time of
-- Redis in microseconds; the outcome names the id of the request that it is about.
-- A bit for each row of a batch says whether it has been counted, so that nothing
-- is counted twice, whatever is delivered or done twice.
--
-- at holds prefix, of the batches' keys; stream, of those that finished; and ttl in
-- ms. Keys of batches are made here: all of ours bear one hash tag, and so are on one
-- node.

local paceEvery = 10000 -- ms between two points from which a batch's rate is told
local streamLength = 10000

local time = redis.call('TIME')
local micros = tonumber(time[1]) * 1000000 + tonumber(time[2])
local millis = math.floor(micros / 1000)

-- text writes a number whole.
local function text(n) return string.format('%.0f', n) end

-- iso writes a time in ms, by the days of years that begin in March.
local function iso(ms)
  local day, rest = math.floor(ms / 86400000) + 719468, ms % 86400000
  local era = math.floor(day / 146097)
  local ofEra = day % 146097
  local year = math.floor((ofEra - math.floor(ofEra / 1460) + math.floor(ofEra / 36524) - math.floor(ofEra / 146096)) / 365)
  local ofYear = ofEra - (365 * year + math.floor(year / 4) - math.floor(year / 100))
  local month = math.floor((5 * ofYear + 2) / 153)
  local date, march = ofYear - math.floor((153 * month + 2) / 5) + 1, month < 10 and 3 or -9
  year = year + era * 400 + (month >= 10 and 1 or 0)
  return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', year, month + march, date, math.floor(rest / 3600000),
    math.floor(rest / 60000) % 60, math.floor(rest / 1000) % 60, rest % 1000)
end

local now = iso(millis)

-- values returns the names and values of a hash.
local function values(key)
  local pairs, found = redis.call('HGETALL', key), {}
  for i = 1, #pairs, 2 do
    found[pairs[i]] = pairs[i + 1]
  end
  return found
end

-- given adds to names and values those that are given.
local function given(list, more)
  for name, value in pairs(more) do
    if value and value ~= '' then
      list[#list + 1], list[#list + 2] = name, value
    end
  end
  return list
end

-- ending returns a status and its reason, as batches count them, or nil if it is
-- no end.
local function ending(status, reason)
  if status == 'revoked' or status == 'dead' then
    return status .. ':' .. (reason or '')
  end
end

-- current reports whether an outcome is about the request, and not an earlier one.
-- Where one of the two ids is not known, an outcome that has not ended is.
local function current(was, asked)
  return not asked.id or asked.id == (was.request or not ending(was.status) and asked.id)
end

-- withdrawn reports whether all who asked have withdrawn what they asked for, besides
-- the batch that is given.
local function withdrawn(at, asked, besides)
  if asked.withdrawn or asked.single then
    return asked.withdrawn ~= nil
  end
  local cancelled = false
  for name in pairs(asked) do
    local batch = string.match(name, '^in:(.+)$')
    if batch and batch ~= besides and redis.call('HEXISTS', at.prefix .. batch, 'cancelled_at') == 0 then
      return false
    end
    cancelled = cancelled or batch ~= nil
  end
  return cancelled
end

-- renew lets a batch live for another ttl.
local function renew(at, key)
  for _, suffix in ipairs({'', ':rows', ':counted'}) do
    redis.call('PEXPIRE', key .. suffix, at.ttl)
  end
end

-- publish writes to the stream that a batch has finished.
local function publish(at, batch, key)
  local sums = {queued = 0, elsewhere = 0, repeated = 0, invalid = 0, revoked = 0, dead = 0}
  local fields, started = redis.call('HGETALL', key), ''
  for i = 1, #fields, 2 do
    local kind = string.match(fields[i], '^(%a+):')
    if sums[kind] then
      sums[kind] = sums[kind] + tonumber(fields[i + 1])
    elseif fields[i] == 'started_at' then
      started = fields[i + 1]
    end
  end
  redis.call('XADD', at.stream, 'MAXLEN', '~', streamLength, '*', 'batch', batch,
    'queued', sums.queued, 'elsewhere', sums.elsewhere, 'repeated', sums.repeated, 'invalid', sums.invalid,
    'revoked', sums.revoked, 'dead', sums.dead, 'started_at', started, 'finished_at', now)
end

-- settle notes that a batch has changed, and whether that finished it. One that is
-- cancelled is complete with what was asked for.
local function settle(at, batch, key)
  local was = redis.call('HMGET', key, 'complete', 'expected', 'done', 'finished_at', 'pace_at', 'pace_done', 'cancelled_at')
  local expected, done, complete = tonumber(was[2] or 0), tonumber(was[3] or 0), was[1] or was[7]
  redis.call('HSET', key, 'changed_at', now)
  if was[4] and (done < expected or not complete) then
    redis.call('HDEL', key, 'finished_at')
  elseif complete and not was[4] and done >= expected then
    redis.call('HSET', key, 'finished_at', now)
    publish(at, batch, key)
    renew(at, key)
  end
  if millis - tonumber(was[5] or 0) >= paceEvery then
    redis.call('HSET', key, 'pace_at', millis, 'pace_done', done,
      'before_at', was[5] or millis, 'before_done', was[6] or done)
    renew(at, key)
  end
end

-- count lets a batch know what an imp_uid has become: before and after are endings,
-- or nil while there is none.
local function count(at, batch, line, before, after)
  local key = at.prefix .. batch
  local row, pg = string.match(line, '^(%d+) (.*)$')
  if not row or redis.call('EXISTS', key) == 0 then
    return
  end
  local counted = redis.call('SETBIT', key .. ':counted', row, 1)
  if counted == 1 and not before then
    return -- counted, and its outcome lost since then
  end
  if counted == 1 then
    redis.call('HINCRBY', key, before .. ':' .. pg, -1)
    redis.call('HINCRBY', key, 'done', -1)
  end
  if after then
    redis.call('HINCRBY', key, after .. ':' .. pg, 1)
    redis.call('HINCRBY', key, 'done', 1)
  else
    redis.call('SETBIT', key .. ':counted', row, 0)
  end
  settle(at, batch, key)
end

-- countAll does so for every batch that asked.
local function countAll(at, asked, before, after)
  for name, line in pairs(asked) do
    local batch = string.match(name, '^in:(.+)$')
    if batch then
      count(at, batch, line, before, after)
    end
  end
end
