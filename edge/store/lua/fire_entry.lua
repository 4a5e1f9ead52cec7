-- purpose: the retry delay of an entry is over; when all who are ready were tried, a new round
-- keys: KEYS[1] account tag
-- args: run, entry
-- returns: FIRED | NOT_DUE
-- publishes: nothing
local entry = load('entry', ARGV[2])
local f = entry.f
if not has_come(f.retry_at) then return done('NOT_DUE') end
f.held_back, f.retry_at = nil, nil

-- At most as many agents are tried as are named in the entry: one more tells if any is left.
local _, tried = string.gsub(f.tried or '', '%S+', '')
local untried = false
for _, place in ipairs(redis.call('ZRANGE', key('queue', f.queue, 'ready'), 0, tried)) do
  untried = untried or not has(f.tried, string.match(place, '[^:]*$'))
end
if f.tried and untried then
  local retry = tonumber(redis.call('HGET', key('queue', f.queue), 'retry_ms') or 1000)
  f.retry_at = tostring(now + retry)
else
  f.tried = nil
end
look_at(f.queue)
return done('FIRED')
