-- purpose: an agent logs in or out, pauses or goes on, in all queues at once
-- keys: KEYS[1] account tag
-- args: run, user, change, reason, command (a toggle repeated with the same one is one toggle)
-- returns: CHANGED | UNCHANGED | REFUSED
-- publishes: agent_changed
local change, reason, command = ARGV[3], ARGV[4], ARGV[5]
local agent = load('agent', ARGV[2])
local f, was = agent.f, agent.was
if command ~= '' and f.last_command == command then return done(f.last_word) end

local function status()
  return f.paused_at and 'paused' or (f.logged_in_at and 'available' or 'logged_out')
end
local function answer(word)
  if command ~= '' then f.last_command, f.last_word = command, word end
  return done(word)
end

local before = status()
if change == 'toggle_login' then
  change = before == 'logged_out' and 'available' or 'logged_out'
elseif change == 'toggle_pause' then
  if before == 'logged_out' then return answer('REFUSED') end
  change = before == 'paused' and 'available' or 'paused'
end

if change == 'logged_out' then
  f.logged_in_at, f.paused_at, f.pause_reason = nil, nil, nil
else
  f.logged_in_at = f.logged_in_at or tostring(now)
  f.paused_at = change == 'paused' and (f.paused_at or tostring(now)) or nil
  f.pause_reason = (change == 'paused' and reason ~= '') and reason or nil
end
if status() == before and f.pause_reason == was.pause_reason then return answer('UNCHANGED') end
publish('agent_changed', {user = agent.id, status = status(), before = before,
  reason = f.pause_reason})
return answer('CHANGED')
