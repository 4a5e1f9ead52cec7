-- purpose: an agent logs in or out, pauses or goes on, in all queues at once; what takes away an
--   agent who is rung or talks is pending until that leg has ended
-- keys: KEYS[1] account tag
-- args: run, user, change, reason, command (a toggle repeated with the same one is one toggle),
--   ms of the pause (0: no end)
-- returns: CHANGED | UNCHANGED | REFUSED
-- publishes: agent_changed
local change, reason, command, pause_ms = ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local agent = load('agent', ARGV[2])
local f = agent.f
if command ~= '' and f.last_command == command then return done(f.last_word) end

local function answer(word)
  if command ~= '' then
    f.last_command, f.last_word = command, word
    f.desk_call = f.device == 'in_use' and '1' or f.desk_call
  end
  return done(word)
end

local before = status_of(f)
local coming = f.pending or before
if change == 'toggle_login' then
  change = coming == 'logged_out' and 'available' or 'logged_out'
elseif change == 'toggle_pause' then
  if before == 'logged_out' then return answer('REFUSED') end
  change = coming == 'paused' and 'available' or 'paused'
end

if f.leg and change == 'paused' and before == 'available' then
  f.pending, f.pending_ms = change, pause_ms > 0 and tostring(pause_ms) or nil
  f.pending_reason = reason ~= '' and reason or nil
elseif f.leg and change == 'logged_out' and before ~= 'logged_out' then
  f.pending, f.pending_reason, f.pending_ms = change, nil, nil
else
  become(agent, change, reason, pause_ms)
end
if not differs(agent) then return answer('UNCHANGED') end
say_presence(agent, before)
if before == 'logged_out' then after_login(agent) end
return answer('CHANGED')
