-- purpose: an entry ends before a conversation; its legs are cancelled, their agents freed
-- keys: KEYS[1] account tag
-- args: run, entry, disposition
-- returns: LEFT | STALE
-- publishes: entry_left, leg_ended, agent_changed
local entry, disposition = load('entry', ARGV[2]), ARGV[3]
local f = entry.f
if f.owner ~= ARGV[1] or not in_line(f) then return done('STALE') end
if disposition == 'abandoned' then
  local short = redis.call('HGET', key('queue', f.queue), 'short_abandon_ms')
  if now - tonumber(f.joined_at) < tonumber(short or 0) then disposition = 'short_abandon' end
end
end_entry(entry, disposition)
return done('LEFT')
