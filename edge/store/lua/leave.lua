-- purpose: an entry ends before a conversation; its legs are cancelled, their agents freed
-- keys: KEYS[1] account tag
-- args: run, entry, disposition
-- returns: LEFT | STALE
-- publishes: entry_left, leg_ended, agent_changed
local entry = load('entry', ARGV[2])
local f = entry.f
if f.owner ~= ARGV[1] or not in_line(f) then return done('STALE') end
cancel_legs(entry)
f.stage, f.disposition, f.ended_at = 'ended', ARGV[3], tostring(now)
f.held_back = nil
publish('entry_left', {entry = entry.id, queue = f.queue, disposition = ARGV[3],
  waited_ms = now - tonumber(f.joined_at)})
return done('LEFT')
