-- What crosses accounts: which edges live. KEYS[1] is the site's hash tag.
local function key(name) return KEYS[1] .. ':' .. name end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function die(run)
  redis.call('ZREM', key('edges'), run)
  redis.call('ZADD', key('dead'), now, run)
end
