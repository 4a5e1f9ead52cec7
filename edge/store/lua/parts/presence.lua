-- Presence: what a person says, of all queues and on top of each; pending while on a leg.
-- `out_of` names the queues whose overlay keeps the agent out, `auto_paused` those of them whose
-- own rule wrote it, `overlay_until` is the first end of a pause there.
local OVERLAY = {'paused_at_here:', 'pause_reason_here:', 'pause_until_here:', 'signed_out_at_here:'}

local function status_of(f)
  return f.paused_at and 'paused' or (f.logged_in_at and 'available' or 'logged_out')
end

-- What an agent is to one queue: logged_out, paused or available there, the stricter of both; made
-- of these fields.
local function presence_fields(queue)
  return {'logged_in_at', 'paused_at', 'paused_at_here:' .. queue, 'signed_out_at_here:' .. queue}
end
local function presence_in(f, queue)
  local status = status_of(f)
  if status == 'logged_out' or f['signed_out_at_here:' .. queue] then return 'logged_out' end
  return f['paused_at_here:' .. queue] and 'paused' or status
end

-- Whether that may have changed in any queue.
local function presence_changed(f, was)
  if status_of(f) ~= status_of(was) or f.out_of ~= was.out_of then return true end
  for queue in string.gmatch(f.out_of or '', '%S+') do
    if presence_in(f, queue) ~= presence_in(was, queue) then return true end
  end
  return false
end

local function say_presence(agent, before)
  local f = agent.f
  publish('agent_changed', {user = agent.id, status = status_of(f), before = before,
    reason = f.pause_reason, paused_until = f.pause_until, pending = f.pending})
end

local function become(agent, status, reason, pause_ms)
  local f = agent.f
  local is_pause = status == 'paused'
  f.pending, f.pending_reason, f.pending_ms = nil, nil, nil
  f.logged_in_at = status ~= 'logged_out' and (f.logged_in_at or stamp) or nil
  f.paused_at = is_pause and (f.paused_at or stamp) or nil
  f.pause_reason = (is_pause and reason ~= '') and reason or nil
  f.pause_until = (is_pause and pause_ms > 0) and tostring(now + pause_ms) or nil
end

-- The leg has ended: a pause or log-out that was asked for meanwhile is so now.
local function take_effect(agent)
  local f = agent.f
  if not f.pending then return end
  local before = status_of(f)
  become(agent, f.pending, f.pending_reason or '', tonumber(f.pending_ms or 0))
  say_presence(agent, before)
end

local function set_overlay(agent, queue, paused_at, reason, pause_until, signed_out_at, by_rule)
  local f, is_out = agent.f, paused_at or signed_out_at
  local values = {paused_at, reason, pause_until, signed_out_at}
  for i, name in ipairs(OVERLAY) do f[name .. queue] = values[i] end
  f.out_of = is_out and with(f.out_of, queue) or without(f.out_of, queue)
  f.auto_paused = by_rule and with(f.auto_paused, queue) or without(f.auto_paused, queue)
  f.overlay_until = nil
  for one in string.gmatch(f.out_of or '', '%S+') do
    local at = f['pause_until_here:' .. one]
    if at and (not f.overlay_until or tonumber(at) < tonumber(f.overlay_until)) then
      f.overlay_until = at
    end
  end
  publish('agent_changed', {user = agent.id, queue = queue, paused_at = paused_at, reason = reason,
    paused_until = pause_until, signed_out_at = signed_out_at, by_rule = by_rule})
end

-- Auto-ready ends what a rule wrote, never what a person asked for; without it the rule may write.
local function by_rule(agent, queue, keeps_out)
  local f = agent.f
  if redis.call('HGET', key('queue', queue), 'auto_ready') ~= '0' then
    if has(f.auto_paused, queue) then set_overlay(agent, queue) end
  elseif keeps_out and not has(f.out_of, queue) then
    set_overlay(agent, queue, stamp, nil, nil, nil, true)
  end
end

local function after_login(agent, but)
  for _, queue in ipairs(redis.call('HKEYS', key('agent', agent.id, 'ranks'))) do
    if queue ~= but then by_rule(agent, queue, true) end
  end
end

local function after_queue_call(agent, queue, but)
  local ruled = agent.f.auto_paused
  if queue and queue ~= but then by_rule(agent, queue, true) end
  for one in string.gmatch(ruled or '', '%S+') do
    if one ~= queue and one ~= but then by_rule(agent, one, false) end
  end
end

-- A star code is no call apart from the queues, nor is one by which a caller was picked.
local function after_other_call(agent)
  local f = agent.f
  if f.desk_call then
    f.desk_call = nil
    return
  end
  if not f.logged_in_at or f.leg then return end
  for _, queue in ipairs(redis.call('HKEYS', key('agent', agent.id, 'ranks'))) do
    local flag = redis.call('HGET', key('queue', queue), 'auto_not_ready')
    by_rule(agent, queue, flag ~= '0')
  end
end

-- What the agent's membership says in place of the queue, else the queue's own.
local function setting_of(agent, queue, name)
  local rank = redis.call('HGET', key('agent', agent.id, 'ranks'), queue)
  local own = rank and cjson.decode(rank)[name]
  return tonumber(own or redis.call('HGET', key('queue', queue), name) or 0)
end

-- Offered, talked, wrapped up: what the call has taken. A wrap-up that was asked for is no call.
local function be_through(agent, queue)
  if agent.f.offered_at then learn_completed(queue, agent.f.offered_at) end
  agent.f.offered_at = nil
end

local function wrap_up(agent, queue, ms)
  local f = agent.f
  if ms <= 0 then
    be_through(agent, queue)
    return after_queue_call(agent, queue)
  end
  f.occupancy, f.wake_at, f.wrap_up_queue = 'wrap_up', tostring(now + ms), queue
  publish('wrap_up_started', {user = agent.id, queue = queue, ms = ms})
end

local function end_wrap_up(agent, but)
  local f = agent.f
  local queue = f.wrap_up_queue
  f.occupancy, f.wake_at, f.wrap_up_queue = 'idle', nil, nil
  publish('wrap_up_ended', {user = agent.id, queue = queue})
  be_through(agent, queue)
  after_queue_call(agent, queue, but)
end

-- One more missed call; too many since the last answer or the last such pause are a pause.
local function miss(agent, queue)
  local f = agent.f
  local misses, limit = tonumber(f.misses or 0) + 1, setting_of(agent, queue, 'pause_after_misses')
  f.misses = tostring(misses)
  if limit > 0 and misses >= limit and status_of(f) == 'available' then
    f.misses = nil
    become(agent, 'paused', 'missed_calls', 0)
    say_presence(agent, 'available')
  end
end

-- Pauses whose time has come are over, of all queues and of one.
local function end_pauses(agent)
  local f, ended = agent.f, false
  if has_come(f.pause_until) then
    become(agent, 'available')
    say_presence(agent, 'paused')
    ended = true
  end
  if has_come(f.overlay_until) then
    for queue in string.gmatch(f.out_of, '%S+') do
      if has_come(f['pause_until_here:' .. queue]) then set_overlay(agent, queue) end
    end
    ended = true
  end
  return ended
end
