-- Counts in batches, for the scripts that this stands before.
--
-- A bit for each row of a batch says whether it has been counted, so that nothing
-- is counted twice, whatever is delivered or done twice.

local paceEvery = 10000 -- ms between two points from which a batch's rate is told
local streamLength = 10000 -- of the stream of finished batches, approximately

-- renew gives a batch another ttl to live, and so much more that no dead letter outlives
-- the mark that its batch is cancelled.
local function renew(key)
  for _, suffix in ipairs({'', ':rows', ':counted'}) do
    redis.call('PEXPIRE', key .. suffix, ttl + paceEvery)
  end
end

-- tell reads the fields of a batch that settle needs.
local told = {'complete', 'cancelled_at', 'expected', 'done', 'finished_at', 'pace_at', 'pace_done', 'changed_at',
  'started_at'}
local function tell(key) return redis.call('HMGET', key, unpack(told)) end

local known = {} -- what tell returned for the batches in which this script counts, kept up to date by settle

-- settle notes that a batch has changed, and whether that finished it, which it tells on
-- the stream. One that is cancelled is complete with what was asked for. fields are what tell
-- returns, or nil; when it changed is written once a second, since Redis writes every change to its file.
local function settle(batch, fields)
  local key = batchKey(batch)
  fields = fields or tell(key)
  local complete, cancelled_at, expected, done, finished_at, pace_at, pace_done, changed_at =
    unpack(fields)
  done = tonumber(done or 0)
  local finished = (complete or cancelled_at) and done >= tonumber(expected or 0)
  if string.sub(changed_at or '', 1, 19) ~= string.sub(now, 1, 19) then
    redis.call('HSET', key, 'changed_at', now)
    fields[8] = now
  end
  if finished_at and not finished then
    redis.call('HDEL', key, 'finished_at')
    fields[5] = false
  elseif finished and not finished_at then
    redis.call('HSET', key, 'finished_at', now)
    fields[5] = now
    local sums = {}
    for name, value in pairs(values(key)) do
      local kind = string.match(name, '^(%a+):') or 'none'
      sums[kind] = (sums[kind] or 0) + (tonumber(value) or 0)
    end
    redis.call('XADD', prefix .. 'batches', 'MAXLEN', '~', streamLength, '*', 'batch', batch,
      'queued', sums.queued or 0, 'elsewhere', sums.elsewhere or 0, 'repeated', sums.repeated or 0,
      'invalid', sums.invalid or 0, 'revoked', sums.revoked or 0, 'dead', sums.dead or 0,
      'started_at', fields[9] or '', 'finished_at', now)
    renew(key)
  end
  if millis - tonumber(pace_at or 0) >= paceEvery then
    redis.call('HSET', key, 'pace_at', millis, 'pace_done', done,
      'before_at', pace_at or millis, 'before_done', pace_done or done)
    fields[6], fields[7] = millis, done
    renew(key)
  end
end

-- count tells the batches that asked what an imp_uid has become: before and after are
-- endings, or nil while there is none.
local function count(asked, before, after)
  for name, line in pairs(asked) do
    local row, pg, batch = nil, nil, string.sub(name, 1, 3) == 'in:' and string.sub(name, 4)
    if batch then
      row, pg = string.match(line, '^(%d+) (.*)$')
    end
    local key = row and batchKey(batch)
    local fields = row and (known[batch] or tell(key))
    if row and fields[9] then -- there is such a batch
      known[batch] = fields
      local counted = redis.call('SETBIT', key .. ':counted', row, after and 1 or 0) == 1
      if before or not counted then -- else its outcome was lost since it was counted
        if counted then
          redis.call('HINCRBY', key, before .. ':' .. pg, -1)
          fields[4] = redis.call('HINCRBY', key, 'done', -1)
        end
        if after then
          redis.call('HINCRBY', key, after .. ':' .. pg, 1)
          fields[4] = redis.call('HINCRBY', key, 'done', 1)
        end
        settle(batch, fields)
      end
    end
  end
end
