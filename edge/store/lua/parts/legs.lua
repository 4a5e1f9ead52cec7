-- A leg that came to nothing: its agent is free or backs off, the entry keeps its place.

-- Whether the entry knows of the agent's leg. It does not where Redis lost the claim and the agent
-- alone was asserted: it may be another's by now, or have ended.
local function is_leg_of(e, agent)
  return has(e.ringing, agent.id)
    or ((e.stage == 'connecting' or e.stage == 'talking') and e.agent == agent.id)
end

-- `back_off` in ms (0: none), `is_miss` and `unreachable` are booleans. The entry waits again when
-- no other leg of it is left, and after the queue's retry delay a new round may begin; it ends if
-- its longest wait was over while the phone rang.
local function end_leg(agent, entry, reason, back_off, is_miss, unreachable)
  local queue, is_its_own = agent.f.leg_queue, is_leg_of(entry.f, agent)
  publish('leg_ended', {entry = entry.id, queue = queue, user = agent.id, leg = agent.f.leg,
    reason = reason})
  free_leg(agent)
  if back_off > 0 then agent.f.wake_at = tostring(now + back_off) end
  if is_miss then miss(agent, queue) end
  if unreachable then agent.f.device = 'unreachable' end
  if not is_its_own then return end
  entry.f.ringing = without(entry.f.ringing, agent.id)
  if entry.f.preferred == agent.id and reason ~= 'not_dialled' then
    entry.f.preferred, entry.f.prefer_until = nil, nil
  end
  if entry.f.agent == agent.id then entry.f.agent, entry.f.answered_at = nil, nil end
  if not entry.f.ringing then
    entry.f.stage = 'waiting'
    local retry = tonumber(redis.call('HGET', key('queue', entry.f.queue), 'retry_ms') or 1000)
    entry.f.retry_at = tostring(now + retry)
    if not entry.f.widen_at then widen(entry.f) end
    if is_wait_over(entry.f) then end_entry(entry, 'timed_out') end
  end
end

-- The agent's leg, if it is this one and this edge owns it, and it is in one of the occupancies.
local function leg_is(agent, leg, run, first, second)
  local f = agent.f
  return f.leg == leg and f.leg_owner == run and (f.occupancy == first or f.occupancy == second)
end

-- The first of the skipped entries, each with why the so-manieth agent may not have it.
local function passed_by(skipped, at)
  local passed
  for _, one in ipairs(skipped) do
    if not one[at + 2] then break end
    passed = passed or {}
    passed[#passed + 1] = {one[1], one[at + 2]}
  end
  return passed
end

-- Nobody could look after this leg for a while: Asterisk is asked before its time is over.
local function give_time(agent, ms)
  local f = agent.f
  if (f.occupancy == 'reserved' or f.occupancy == 'ringing') and tonumber(f.wake_at) < now + ms then
    f.wake_at = tostring(now + ms)
  end
end
