-- purpose: a conversation is over; the entry was answered, the agent wraps up or is free
-- keys: KEYS[1] account tag
-- args: run, entry
-- returns: COMPLETED | STALE
-- publishes: call_completed, entry_left, wrap_up_started, agent_changed
local entry = load('entry', ARGV[2])
local e = entry.f
if e.owner ~= ARGV[1] or (e.stage ~= 'connecting' and e.stage ~= 'talking') then
  return done('STALE')
end
if e.stage == 'connecting' then learn_answered(e) end
e.stage, e.disposition, e.ended_at = 'ended', 'answered', stamp
local talked = e.connected_at and now - tonumber(e.connected_at) or 0
publish('call_completed', {entry = entry.id, queue = e.queue, user = e.agent, talked_ms = talked})
publish('entry_left', {entry = entry.id, queue = e.queue, disposition = 'answered',
  waited_ms = tonumber(e.answered_at) - tonumber(e.joined_at)})

local agent = load('agent', e.agent)
local a = agent.f
if a.leg_entry == entry.id then
  local offered_at = a.offered_at
  free_leg(agent)
  a.last_ended, a.offered_at = stamp, offered_at
  wrap_up(agent, e.queue, setting_of(agent, e.queue, 'wrap_up_ms'))
end
return done('COMPLETED')
