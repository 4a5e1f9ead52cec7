-- purpose: caller and agent are in one bridge
-- keys: KEYS[1] account tag
-- args: run, entry
-- returns: CONNECTED | STALE
-- publishes: call_connected
-- remembers: who spoke with this caller last, as long as any queue of the account asks for it
local entry = load('entry', ARGV[2])
local f = entry.f
if f.owner ~= ARGV[1] then return done('STALE') end
if f.stage == 'talking' then return done('CONNECTED') end
if f.stage ~= 'connecting' then return done('STALE') end
f.stage, f.connected_at = 'talking', stamp
learn_answered(f)
local kept_ms = tonumber(redis.call('HGET', key('queue', f.queue), 'sticky_kept_ms') or 0)
if kept_ms > 0 and f.caller_number ~= '' then
  redis.call('SET', key('spoke', f.caller_number), f.agent .. ' ' .. now, 'PX', kept_ms)
end
publish('call_connected', {entry = entry.id, queue = f.queue, user = f.agent})
return done('CONNECTED')
