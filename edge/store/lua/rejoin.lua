-- purpose: a caller whom a key led out of the line in vain stands in it again, at the old place
-- keys: KEYS[1] account tag
-- args: run, entry that ended, new entry, leg
-- returns: REJOINED | STALE
-- publishes: entry_joined
local KEPT = {'queue', 'node', 'endpoint', 'dialled', 'inside', 'caller_number', 'caller_name',
  'priority', 'place', 'joined_at', 'lets_ring', 'sticky', 'party', 'promised_ms',
  'promised_at', 'music'}
local entry, before = load('entry', ARGV[3]), load('entry', ARGV[2])
local f, b = entry.f, before.f
if b.onward == entry.id then return done('REJOINED') end
if b.disposition ~= 'routed' or b.onward then return done('STALE') end
b.onward = entry.id

for _, name in ipairs(KEPT) do f[name] = b[name] end
f.owner, f.leg, f.stage = ARGV[1], ARGV[4], 'waiting'
if b.waits_until then
  f.waits_until = tostring(tonumber(b.waits_until) + now - tonumber(b.ended_at))
end
stand_at_place(entry, tonumber(b.place), false)
widen(f)
local ahead = redis.call('ZCOUNT', key('queue', f.queue, 'line'), '-inf',
  '(' .. string.format('%.0f', score(f)))
publish('entry_joined', {entry = entry.id, queue = f.queue, position = ahead + 1,
  priority = f.priority, back_from = before.id})
look_at(f.queue)
return done('REJOINED')
