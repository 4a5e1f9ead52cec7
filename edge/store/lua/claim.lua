-- purpose: verify a match and reserve its agent for its entry, in one step
-- keys: KEYS[1] account tag
-- args: run, redis run id, queue, entry, rev, agent, leg, reserved for ms,
--       skipped entries as JSON [[id, rev]…], skipped agents as JSON [id…]
-- returns: CLAIMED | RETRY | RECOVERING
-- publishes: entry_offered
local run, queue, id, rev, user, leg = ARGV[1], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
if redis.call('GET', key('asserted_run')) ~= ARGV[2] then return done('RECOVERING') end

local function is_still_head(skipped_entries, skipped_agents)
  local entries = redis.call('ZRANGE', key('queue', queue, 'offerable'), 0, #skipped_entries)
  local ready = redis.call('ZRANGE', key('queue', queue, 'ready'), 0, #skipped_agents)
  skipped_entries[#skipped_entries + 1] = {id, rev}
  skipped_agents[#skipped_agents + 1] = user
  for i, skipped in ipairs(skipped_entries) do
    if entries[i] ~= skipped[1] then return false end
    if redis.call('HGET', key('entry', skipped[1]), 'rev') ~= skipped[2] then return false end
  end
  for i, skipped in ipairs(skipped_agents) do
    if not ready[i] or string.match(ready[i], '[^:]*$') ~= skipped then return false end
  end
  return true
end

local agent = load('agent', user)
local entry = load('entry', id)
if agent.f.leg == leg and agent.f.leg_entry == id then return done('CLAIMED') end
if not is_still_head(cjson.decode(ARGV[9]), cjson.decode(ARGV[10])) then
  look_at(queue)
  return done('RETRY')
end

note_dialled(queue, agent)
local a, e = agent.f, entry.f
a.occupancy, a.leg, a.leg_entry, a.leg_queue = 'reserved', leg, id, queue
a.leg_owner, a.wake_at = e.owner, tostring(now + tonumber(ARGV[8]))
e.stage = 'offered'
e.ringing, e.tried = with(e.ringing, user), with(e.tried, user)
publish('entry_offered', {entry = id, queue = queue, user = user, leg = leg,
  passed_over = #cjson.decode(ARGV[9])})
summon(e.owner, id)
look_at(queue)
return done('CLAIMED')
