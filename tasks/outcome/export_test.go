package outcome

import "github.com/redis/go-redis/v9"

// ISOScript writes each time in ms that it is given as the scripts do.
var ISOScript = redis.NewScript(source("scripts.lua") + `
local written = {}
for i, ms in ipairs(ARGV) do
  written[i] = iso(tonumber(ms))
end
return written
`)
