-- Stands before the scripts that change a gate.
--
-- KEYS  gate's hash, the receipts that failed since the last success, those brought forward

-- text writes a number whole, and num reads one, 0 for none.
local function text(n) return string.format('%.0f', n) end
local function num(value) return tonumber(value or '') or 0 end

local time = redis.call('TIME')
local now = num(time[1]) * 1000000 + num(time[2])

-- reply returns the time in s and us, the gate's names and values, and how many have
-- failed. The last argument is the life of the keys in ms.
local function reply()
  for i = 1, 3 do
    redis.call('PEXPIRE', KEYS[i], ARGV[#ARGV])
  end
  return {time[1], time[2], redis.call('HGETALL', KEYS[1]), redis.call('ZCARD', KEYS[2])}
end
