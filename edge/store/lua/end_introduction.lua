-- purpose: a caller has heard the introduction out, and may be offered from now on
-- keys: KEYS[1] account tag
-- args: run, entry
-- returns: ENDED | STALE
-- publishes: nothing
local entry = load('entry', ARGV[2])
local f = entry.f
if f.owner ~= ARGV[1] or not in_line(f) then return done('STALE') end
if f.intro_until then
  f.intro_until = nil
  look_at(f.queue)
end
return done('ENDED')
