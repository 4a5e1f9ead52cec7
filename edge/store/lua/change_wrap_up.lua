-- purpose: a wrap-up that runs ends so much later, now where that is 0
-- keys: KEYS[1] account tag
-- args: run, user, ms from now
-- returns: CHANGED | NOT_WRAPPING_UP
-- publishes: wrap_up_changed, wrap_up_ended
local ms = tonumber(ARGV[3])
local agent = load('agent', ARGV[2])
local f = agent.f
if f.occupancy ~= 'wrap_up' then return done('NOT_WRAPPING_UP') end
if ms == 0 then
  end_wrap_up(agent)
else
  f.wake_at = tostring(now + ms)
  publish('wrap_up_changed', {user = agent.id, queue = f.wrap_up_queue, ms = ms})
end
return done('CHANGED')
