-- What batches count, for the scripts that this stands before.
--
-- A batch counts an imp_uid from one of its rows. Its line is that row and the
-- gateway by which it is counted, as "17 kcp". The batch that asked first
-- stands in the outcome's hash, as batch and line; any other is a field of the
-- imp_uid's followers, with its line, and so is another row of a batch that has
-- a task of its own, as "refunds 17 kcp". They live as long as the outcome, so
-- that a batch knows in every later list of its own what it counts already.
-- A bit for each row says whether it has been counted, so that nothing is
-- counted twice, whatever is delivered or done twice.
--
-- at holds followers, a key; prefix, of the batches' keys; stream, of those
-- that finished; ttl in ms; and now, as it is written. Keys of batches are made
-- here: all of ours bear one hash tag, and so are on one node.

local paceEvery = 10000 -- ms between two points from which a batch's rate is told
local streamLength = 10000

local function millis()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
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
    'revoked', sums.revoked, 'dead', sums.dead, 'started_at', started, 'finished_at', at.now)
end

-- settle notes that a batch has changed, and whether that finished it.
local function settle(at, batch, key)
  local was = redis.call('HMGET', key, 'complete', 'expected', 'done', 'finished_at', 'pace_at', 'pace_done')
  local expected, done = tonumber(was[2] or 0), tonumber(was[3] or 0)
  redis.call('HSET', key, 'changed_at', at.now)
  if was[4] and (done < expected or not was[1]) then
    redis.call('HDEL', key, 'finished_at')
  elseif was[1] and not was[4] and done >= expected then
    redis.call('HSET', key, 'finished_at', at.now)
    publish(at, batch, key)
    renew(at, key)
  end
  local now = millis()
  if now - tonumber(was[5] or 0) >= paceEvery then
    redis.call('HSET', key, 'pace_at', now, 'pace_done', done,
      'before_at', was[5] or now, 'before_done', was[6] or done)
    renew(at, key)
  end
end

-- count lets a batch know what an imp_uid has become: before and after are a
-- status and its reason, as "dead:refused", or nil while there is no end.
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

-- countAll does so for every batch that an imp_uid is in.
local function countAll(at, batch, line, before, after)
  if batch and line then
    count(at, batch, line, before, after)
  end
  local followers = redis.call('HGETALL', at.followers)
  if #followers > 0 then
    redis.call('PEXPIRE', at.followers, at.ttl)
  end
  for i = 1, #followers, 2 do
    if followers[i] ~= batch then
      count(at, string.match(followers[i], '^[^ ]+'), followers[i + 1], before, after)
    end
  end
end

-- ending returns a status and its reason, as count wants them.
local function ending(status, reason)
  if status == 'revoked' or status == 'dead' then
    return status .. ':' .. (reason or '')
  end
end

-- adopt gives the batch that stands in an outcome's hash its line.
local function adopt(at, hash, batch, line, status, reason)
  redis.call('HSET', hash, 'line', line)
  local after = ending(status, reason)
  if after then
    count(at, batch, line, nil, after)
  end
end

-- follow lets a batch be among those that an imp_uid is in, under the name of
-- the given field. The imp_uid's outcome has the given status and reason, if
-- any. It returns the line from which the batch counts it, which is another
-- than the given one if it was in it before.
local function follow(at, field, line, status, reason)
  if redis.call('HSETNX', at.followers, field, line) == 0 then
    line = redis.call('HGET', at.followers, field)
  end
  redis.call('PEXPIRE', at.followers, at.ttl)
  local after = ending(status, reason)
  if after then
    count(at, string.match(field, '^[^ ]+'), line, nil, after)
  end
  return line
end
