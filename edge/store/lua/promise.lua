-- purpose: a caller has been told a waiting time; the first one counts, from now on
-- keys: KEYS[1] account tag
-- args: run, entry, ms that were promised
-- returns: PROMISED | STALE
-- publishes: wait_promised
local entry = load('entry', ARGV[2])
local f = entry.f
if f.owner ~= ARGV[1] or not in_line(f) then return done('STALE') end
if f.promised_at then return done('PROMISED') end
f.promised_ms, f.promised_at = ARGV[3], stamp
publish('wait_promised', {entry = entry.id, queue = f.queue, ms = tonumber(ARGV[3])})
return done('PROMISED')
