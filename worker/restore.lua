-- Puts tasks back into a queue's archive that say that they are archived and
-- are not there. Asynq leaves them so where a person archives more at once than
-- the archive holds.
--
-- KEYS  the queue's archive
-- ARGV  what stands before an ID in the key of its task, now in seconds, how
--       many tasks the archive may come to hold, the IDs
--
-- Returns how many were put back, and 1 if there was no room for more.
local room, restored = tonumber(ARGV[3]) - redis.call('ZCARD', KEYS[1]), 0
for i = 4, #ARGV do
  if redis.pcall('HGET', ARGV[1] .. ARGV[i], 'state') == 'archived' and not redis.call('ZSCORE', KEYS[1], ARGV[i]) then
    if restored >= room then
      return {restored, 1}
    end
    redis.call('ZADD', KEYS[1], ARGV[2], ARGV[i])
    restored = restored + 1
  end
end
return {restored, 0}
