-- purpose: a waiting entry gets another priority, or stands at a position; joined_at stays
-- keys: KEYS[1] account tag
-- args: run, entry, priority (-1: as it is), position (0: none)
-- returns: REARRANGED | STALE
-- publishes: entry_rearranged
local entry = load('entry', ARGV[2])
local f, priority, position = entry.f, tonumber(ARGV[3]), tonumber(ARGV[4])
if not in_line(f) then return done('STALE') end
if priority >= 0 and priority ~= tonumber(f.priority) then
  f.priority = tostring(priority)
  stand_at_place(entry, tonumber(f.place))
end
if position > 0 then stand_at_position(entry, position) end
local line, at = key('queue', f.queue, 'line'), '(' .. string.format('%.0f', score(f))
local ahead = redis.call('ZCOUNT', line, '-inf', at)
local is_counted = entry.was.place and score(entry.was) < score(f)
publish('entry_rearranged', {entry = entry.id, queue = f.queue, priority = f.priority,
  position = ahead + (is_counted and 0 or 1)})
summon(f.owner, entry.id)
return done('REARRANGED')
