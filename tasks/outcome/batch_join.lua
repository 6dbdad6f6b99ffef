-- Lets a batch follow an imp_uid that was asked for before.
--
-- KEYS  outcome hash, followers, prefix of batches, stream of batches
-- ARGV  batch, its line, life of a batch in ms, now
--
-- Returns what the line is: "queued" if the batch asked for it from this line,
-- "elsewhere" if somebody else did, "repeated" if another line of the batch
-- did.
local batch, line = ARGV[1], ARGV[2]
local at = {followers = KEYS[2], prefix = KEYS[3], stream = KEYS[4], ttl = ARGV[3], now = ARGV[4]}
local was = redis.call('HMGET', KEYS[1], 'status', 'reason', 'batch', 'line')
local kind, counted = 'elsewhere', nil
if was[3] == batch then
  kind, counted = 'queued', was[4] or line
  adopt(at, KEYS[1], batch, counted, was[1], was[2])
else
  counted = follow(at, batch, line, was[1], was[2])
end
if counted ~= line then
  kind = 'repeated'
end
return kind
