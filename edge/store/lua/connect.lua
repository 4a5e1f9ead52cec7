-- purpose: caller and agent are in one bridge
-- keys: KEYS[1] account tag
-- args: run, entry
-- returns: CONNECTED | STALE
-- publishes: call_connected
local entry = load('entry', ARGV[2])
local f = entry.f
if f.owner ~= ARGV[1] then return done('STALE') end
if f.stage == 'talking' then return done('CONNECTED') end
if f.stage ~= 'connecting' then return done('STALE') end
f.stage, f.connected_at = 'talking', tostring(now)
publish('call_connected', {entry = entry.id, queue = f.queue, user = f.agent})
return done('CONNECTED')
