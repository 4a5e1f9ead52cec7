-- purpose: verify a match and reserve its agents for its entry, in one step
-- keys: KEYS[1] account tag
-- args: run, redis run id, queue, entry, rev, [[agent, leg]…] as JSON, reserved for ms,
--       skipped entries as JSON [[id, rev, why by agent…]…], the first ready agents as JSON [id…] up to the last
--       of those chosen, in any order (empty: they need only be ready), how they were chosen
-- returns: CLAIMED | RETRY | RECOVERING
-- publishes: entry_offered
local run, queue, id, rev, legs = ARGV[1], ARGV[3], ARGV[4], ARGV[5], cjson.decode(ARGV[6])
local skipped, first, chosen = cjson.decode(ARGV[8]), cjson.decode(ARGV[9]), ARGV[10]
if redis.call('GET', key('asserted_run')) ~= ARGV[2] then return done('RECOVERING') end

local entry = load('entry', id)
local e = entry.f
local function are_still_first()
  local entries = redis.call('ZRANGE', key('queue', queue, 'offerable'), 0, #skipped)
  local expected = {unpack(skipped)}
  expected[#expected + 1] = {id, rev}
  for i, one in ipairs(expected) do
    if entries[i] ~= one[1] or fields_of(one[1]).rev ~= one[2] then return false end
  end
  local ready = #first > 0 and redis.call('ZRANGE', key('queue', queue, 'ready'), 0, #first - 1) or {}
  local named = {}
  for _, user in ipairs(first) do named[user] = true end
  for i = 1, #first do
    if not ready[i] or not named[string.match(ready[i], '[^:]*$')] then return false end
  end
  for _, leg in ipairs(legs) do
    if not is_standing(leg[1], queue) then return false end
  end
  return true
end

local is_repeated, is_first = true, are_still_first()
for _, leg in ipairs(legs) do
  local a = load('agent', leg[1]).f
  is_repeated = is_repeated and a.leg == leg[2] and a.leg_entry == id
end
if is_repeated then return done('CLAIMED') end
if not is_first then
  look_at(queue)
  return done('RETRY')
end

for i, leg in ipairs(legs) do
  local agent = load('agent', leg[1])
  reserve(agent, entry, leg[2], tonumber(ARGV[7]))
  e.ring_tier = tostring(math.max(tonumber(e.ring_tier or 0), rank_of(agent, queue).tier))
  publish('entry_offered', {entry = id, queue = queue, user = agent.id, leg = leg[2],
    passed_over = #skipped, passed = passed_by(skipped, i), chosen = chosen})
end
if chosen ~= 'strategy' then e.alone = '1' end
if e.rings == 'progressively' and not e.allowed then
  e.allowed, e.step_at = '1', tostring(now + know(queue).step_ms)
end
summon(e.owner, id)
look_at(queue)
return done('CLAIMED')
