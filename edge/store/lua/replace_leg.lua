-- purpose: the caller transferred the call; another leg stands for the entry
-- keys: KEYS[1] account tag
-- args: run, entry, leg
-- returns: REPLACED | STALE
-- publishes: caller_transferred
local entry = load('entry', ARGV[2])
local f = entry.f
if f.owner ~= ARGV[1] or f.stage == 'ended' then return done('STALE') end
if f.leg ~= ARGV[3] then
  f.leg = ARGV[3]
  publish('caller_transferred', {entry = entry.id, queue = f.queue, leg = f.leg})
end
return done('REPLACED')
