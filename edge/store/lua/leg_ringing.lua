-- purpose: the agent's phone rings
-- keys: KEYS[1] account tag
-- args: run, user, leg
-- returns: ADVANCED | STALE
-- publishes: leg_ringing
local agent = load('agent', ARGV[2])
if not leg_is(agent, ARGV[3], ARGV[1], 'reserved', 'ringing') then return done('STALE') end
publish('leg_ringing', {entry = agent.f.leg_entry, queue = agent.f.leg_queue, user = agent.id,
  leg = agent.f.leg})
return done('ADVANCED')
