-- purpose: an agent's phone registered, went away, is in a call of its own or has ended that call
-- keys: KEYS[1] account tag
-- args: run, user, device
-- returns: CHANGED | UNCHANGED
-- publishes: agent_changed
local agent = load('agent', ARGV[2])
local before = agent.f.device
if before == ARGV[3] then return done('UNCHANGED') end
publish('agent_changed', {user = agent.id, device = ARGV[3], before = before})
agent.f.device = ARGV[3]
if before == 'in_use' then after_other_call(agent) end
return done('CHANGED')
