-- purpose: what was due for an agent: a reservation, ring time, wrap-up, back-off or pause is over
-- keys: KEYS[1] account tag
-- args: run, user, edges alive separated by spaces
-- returns: FIRED | NOT_DUE | SILENT_OWNER
-- publishes: leg_ended, entry_left, wrap_up_ended, agent_changed
local agent = load('agent', ARGV[2])
local f = agent.f
local ended = end_pauses(agent)
if not has_come(f.wake_at) then return done(ended and 'FIRED' or 'NOT_DUE') end
if f.occupancy == 'wrap_up' then
  end_wrap_up(agent)
  return done('FIRED')
elseif f.occupancy == 'idle' then
  f.wake_at = nil
  return done('FIRED')
end

local entry = load('entry', f.leg_entry)
if not is_leg_of(entry.f, agent) then
  end_leg(agent, entry, 'lost', 0, false, false)
  return done('FIRED')
end
-- A dead edge's leg waits for the takeover, which asks Asterisk what became of the phone.
if not has(ARGV[3], f.leg_owner) then return done(ended and 'FIRED' or 'SILENT_OWNER') end
summon(f.leg_owner, entry.id)
if f.occupancy == 'reserved' then
  end_leg(agent, entry, 'not_dialled', 0, false, false)
  entry.f.held_back = '1'
else
  end_leg(agent, entry, 'no_answer', 0, true, false)
  look_at(entry.f.queue)
end
return done('FIRED')
