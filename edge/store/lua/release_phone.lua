-- purpose: the call in which the agent dialled a star code is over; queues may ring the phone
-- keys: KEYS[1] account tag
-- args: run, user, command of that call
-- returns: RELEASED | ALREADY
-- publishes: nothing
local f = load('agent', ARGV[2]).f
if f.last_command ~= ARGV[3] or not f.phone_busy then return done('ALREADY') end
f.phone_busy = nil
if f.occupancy == 'idle' then f.wake_at = nil end
return done('RELEASED')
