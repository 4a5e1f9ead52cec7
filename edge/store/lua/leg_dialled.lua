-- purpose: Asterisk took the dial of a reserved leg; its ring time counts from now
-- keys: KEYS[1] account tag
-- args: run, user, leg, ms until the ringing has certainly ended
-- returns: ADVANCED | STALE
-- publishes: nothing
local agent = load('agent', ARGV[2])
if not leg_is(agent, ARGV[3], ARGV[1], 'reserved', 'ringing') then return done('STALE') end
if agent.f.occupancy == 'reserved' then
  agent.f.occupancy, agent.f.wake_at = 'ringing', tostring(now + tonumber(ARGV[4]))
end
return done('ADVANCED')
