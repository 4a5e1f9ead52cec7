-- purpose: an agent's state in one queue, as portsip names them; all but WRAP_UP write its overlay
-- keys: KEYS[1] account tag
-- args: run, user, queue, state asked for, reason, ms of the pause (0: no end) or of the wrap-up
--   (0: the queue's own), ms that a wrap-up may last
-- returns: CHANGED | UNCHANGED | REFUSED | NOT_A_MEMBER
-- publishes: agent_changed, wrap_up_started, wrap_up_ended
local queue, asked, reason, ms = ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local agent = load('agent', ARGV[2])
local f, here = agent.f, 'here:' .. queue
if redis.call('HEXISTS', key('agent', agent.id, 'ranks'), queue) == 0 then
  return done('NOT_A_MEMBER')
end

local function log_in(but)
  if f.logged_in_at then return end
  become(agent, 'available')
  say_presence(agent, 'logged_out')
  after_login(agent, but)
end

if asked == 'WRAP_UP' then
  if f.occupancy == 'wrap_up' then return done('UNCHANGED') end
  if f.occupancy ~= 'idle' or not f.logged_in_at then return done('REFUSED') end
  local own = setting_of(agent, queue, 'wrap_up_ms')
  wrap_up(agent, queue, ms > 0 and ms or (own > 0 and own or tonumber(ARGV[7])))
elseif asked == 'READY' then
  log_in(queue)
  if has(f.out_of, queue) then set_overlay(agent, queue) end
  if f.occupancy == 'wrap_up' then end_wrap_up(agent, queue) end
elseif asked == 'LOGGED_IN' then
  log_in()
  if f['signed_out_at_' .. here] then
    local ready = redis.call('HGET', key('queue', queue), 'auto_ready') ~= '0'
    set_overlay(agent, queue, not ready and stamp or nil, nil, nil, nil, not ready)
  end
elseif asked == 'LOGGED_OUT' then
  if not f['signed_out_at_' .. here] then
    set_overlay(agent, queue, nil, nil, nil, stamp)
  end
else
  local pause_until = ms > 0 and tostring(now + ms) or nil
  local pause_reason = reason ~= '' and reason or nil
  if has(f.auto_paused, queue) or not f['paused_at_' .. here]
    or f['pause_reason_' .. here] ~= pause_reason or f['pause_until_' .. here] ~= pause_until then
    set_overlay(agent, queue, f['paused_at_' .. here] or stamp, pause_reason, pause_until)
  end
end
return done(differs(agent) and 'CHANGED' or 'UNCHANGED')
