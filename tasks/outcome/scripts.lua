-- What the scripts share, each of which stands behind it.
--
-- KEYS  any key of ours: all have one hash tag, and so are on one node, and the scripts
--       make the others from it
-- ARGV  the life of a batch, and of what has ended, in ms; then each script's own
--
-- A request's hash says what is asked for an imp_uid, and by whom: single is a
-- request for this one receipt, and in:<batch> the line of a batch, which is its
-- row and the gateway by which it is counted, as "17 kcp". Its id is the time of
-- Redis in microseconds; the outcome names the id of the request that it is about.
--
-- Redis runs all of it, each function anew, with every call of a script: what few of
-- them need stands in a file of its own.

local ttl, prefix = ARGV[1], string.match(KEYS[1], '^{.-}:')
local openKey, deadKey = prefix .. 'open', prefix .. 'dead'

local function outcomeKey(imp_uid) return prefix .. 'outcome:' .. imp_uid end
local function requestKey(imp_uid) return prefix .. 'request:' .. imp_uid end
local function batchKey(name) return prefix .. 'batch:' .. name end

local time = redis.call('TIME')
local micros = tonumber(time[1]) * 1000000 + tonumber(time[2])
local millis = math.floor(micros / 1000)

-- text writes a number whole.
local function text(n) return string.format('%.0f', n) end

-- iso writes a time in ms, with the date of a Julian day as E. G. Richards computes it.
local function iso(ms)
  local floor, rest = math.floor, ms % 86400000
  local day = floor(ms / 86400000) + 2440588
  local era = 4 * (day + 1363 + floor(floor((4 * day + 274277) / 146097) * 3 / 4)) + 3
  local ofYear = 5 * floor(era % 1461 / 4) + 2
  local month = floor(ofYear / 153 + 2) % 12 + 1
  return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ',
    floor(era / 1461) - 4716 + floor((14 - month) / 12), month, floor(ofYear % 153 / 5) + 1,
    floor(rest / 3600000), floor(rest / 60000) % 60, floor(rest / 1000) % 60, rest % 1000)
end

local now = iso(millis)

-- named returns by name what a list has of names and values.
local function named(list)
  local found = {}
  for i = 1, #list, 2 do
    found[list[i]] = list[i + 1]
  end
  return found
end

local function values(key) return named(redis.call('HGETALL', key)) end

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
-- the batch that is given. kept.withdrawn in read.go tells the same.
local function withdrawn(asked, besides)
  local cancelled = asked.withdrawn ~= nil
  if cancelled or asked.single then
    return cancelled
  end
  for name in pairs(asked) do
    local batch = string.match(name, '^in:(.+)$')
    if batch and batch ~= besides and not redis.call('HGET', batchKey(batch), 'cancelled_at') then
      return false
    end
    cancelled = cancelled or batch ~= nil
  end
  return cancelled
end
