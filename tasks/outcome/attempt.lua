-- Attempts that begin, or finish, at the same time share one call of a script, which runs what scripts
-- share once for all of them.
--
-- ARGV  after those that all have in common: for each attempt how many its own are, and these
--
-- Returns a list of what it comes to for each attempt.

-- each runs a function for each attempt with the place in ARGV behind which its own begin. An
-- error is that of its attempt alone.
local function each(run)
  local replies, at = {}, 2
  while ARGV[at] do
    local ok, reply = pcall(run, at)
    if not ok then -- before Redis 7 it is a text
      reply = {err = type(reply) == 'table' and reply.err or 'ERR Error running script: ' .. tostring(reply)}
    end
    replies[#replies + 1] = reply
    at = at + 1 + ARGV[at]
  end
  return replies
end

