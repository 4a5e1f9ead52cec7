-- purpose: a caller joins the line of a queue at the place of the arrival
-- keys: KEYS[1] account tag
-- args: run, entry, queue, place asked for, fields of the entry as JSON
-- returns: JOINED | ALREADY
-- publishes: entry_joined
local run, id, queue = ARGV[1], ARGV[2], ARGV[3]
local entry = load('entry', id)
if entry.exists then return done('ALREADY') end

-- Places are unique in their queue: one who arrived while no edge lived goes between the others.
local asked = math.max(now - 120000, math.min(tonumber(ARGV[4]), now))
local place = asked
local last = tonumber(redis.call('HGET', key('queue', queue), 'last_place') or 0)
local f, line = entry.f, key('queue', queue, 'line')
for name, value in pairs(cjson.decode(ARGV[5])) do f[name] = value end
f.queue, f.owner, f.stage, f.party = queue, run, 'waiting', 'live'
f.place, f.joined_at = tostring(place), tostring(asked)
while place <= last and is_place_taken(f) do
  place = place + 1
  f.place = tostring(place)
end
if place > last then redis.call('HSET', key('queue', queue), 'last_place', place) end
local ahead = redis.call('ZCOUNT', line, '-inf', '(' .. string.format('%.0f', score(f)))
publish('entry_joined', {entry = id, queue = queue, position = ahead + 1, priority = f.priority})
look_at(queue)
return done('JOINED')
