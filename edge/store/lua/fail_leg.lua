-- purpose: a leg came to nothing, rung or lost between answer and bridge; its agent is free or
--   backs off, the entry keeps its place
-- keys: KEYS[1] account tag
-- args: run, user, leg, reason, back-off ms, is a miss (1/0), phone is gone (1/0)
-- returns: FAILED | STALE
-- publishes: leg_ended, entry_left, agent_changed
local agent = load('agent', ARGV[2])
local f = agent.f
if f.leg ~= ARGV[3] or f.leg_owner ~= ARGV[1] then return done('STALE') end
local entry = load('entry', f.leg_entry)
if f.occupancy == 'talking' and entry.f.stage ~= 'connecting' then return done('STALE') end
local queue, is_its_own = f.leg_queue, is_leg_of(entry.f, agent)
end_leg(agent, entry, ARGV[4], tonumber(ARGV[5]), ARGV[6] == '1', ARGV[7] == '1')
look_at(queue)
if not is_its_own then return done('FAILED') end
entry.f.held_back = nil
-- A phone that never rang was not tried: this agent is the entry's as before.
if ARGV[4] == 'not_dialled' then entry.f.tried = without(entry.f.tried, agent.id) end
return done('FAILED')
