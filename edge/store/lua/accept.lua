-- purpose: the agent answered; the first answer wins the entry, its other legs are cancelled
-- keys: KEYS[1] account tag
-- args: run, user, leg
-- returns: ACCEPTED | STALE
-- publishes: call_answered, leg_ended, agent_changed
local run, user, leg = ARGV[1], ARGV[2], ARGV[3]
local agent = load('agent', user)
if agent.f.leg ~= leg or agent.f.leg_owner ~= run then return done('STALE') end
local entry = load('entry', agent.f.leg_entry)
local a, e = agent.f, entry.f
if a.occupancy == 'talking' then return done('ACCEPTED') end
if e.stage ~= 'offered' or not leg_is(agent, leg, run, 'reserved', 'ringing') then
  return done('STALE')
end

cancel_legs(entry, user)
e.stage, e.agent, e.answered_at = 'connecting', user, stamp
a.occupancy, a.wake_at, a.misses = 'talking', nil, nil
if goes_by('last_answered_here', e.queue) then a['last_answered_here:' .. e.queue] = stamp end
a.calls = tostring(tonumber(a.calls or 0) + 1)
local window = know(e.queue).window
a.calls_in_window = tostring((a.window == window and tonumber(a.calls_in_window) or 0) + 1)
a.window = window
publish('call_answered', {entry = entry.id, queue = e.queue, user = user, leg = leg,
  waited_ms = now - tonumber(e.joined_at)})
return done('ACCEPTED')
