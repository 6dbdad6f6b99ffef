-- Tries commands, each of which changes nothing but the key of the trial.
--
-- KEYS  the key of the trial, which lives for a second
-- ARGV  for each command: how many words it has, then the words
--
-- Returns, for each command that failed, its number from 1 and why.
local failed, number, i = {}, 0, 1
while i <= #ARGV do
  local last = i + tonumber(ARGV[i])
  local reply = redis.pcall(unpack(ARGV, i + 1, last))
  number, i = number + 1, last + 1
  if type(reply) == 'table' and reply.err then
    failed[#failed + 1] = {number, reply.err}
  end
end
return failed
