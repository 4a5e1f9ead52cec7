-- purpose: the caller transferred the call; another leg stands for the entry, also for one that has
--   ended by a key while the caller is led on (by whoever has the caller: nobody owns it any more)
-- keys: KEYS[1] account tag
-- args: run, entry, leg
-- returns: REPLACED | STALE
-- publishes: caller_transferred
local entry = load('entry', ARGV[2])
local f = entry.f
local is_led_on = f.stage == 'ended' and f.pressed and not f.onward
if not is_led_on and (f.owner ~= ARGV[1] or f.stage == 'ended') then return done('STALE') end
if f.leg ~= ARGV[3] then
  f.leg = ARGV[3]
  publish('caller_transferred', {entry = entry.id, queue = f.queue, leg = f.leg})
end
return done('REPLACED')
