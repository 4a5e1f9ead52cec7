-- purpose: an agent's phone registered or went away, is in a call that no queue made, or no more
-- keys: KEYS[1] account tag
-- args: run, user, device
-- returns: CHANGED | UNCHANGED
-- publishes: agent_changed
local agent = load('agent', ARGV[2])
if agent.f.device == ARGV[3] then return done('UNCHANGED') end
publish('agent_changed', {user = agent.id, device = ARGV[3], before = agent.f.device})
agent.f.device = ARGV[3]
return done('CHANGED')
