-- purpose: this agent answers this waiting entry, out of order; others who ring for it stop
-- keys: KEYS[1] account tag
-- args: run, redis run id, entry, user, leg, reserved for ms, is the leg the agent's own call (1/0)
-- returns: PICKED | NOT_IDLE | STALE | RECOVERING
-- publishes: entry_offered, leg_ended, agent_changed
local user, leg, is_called = ARGV[4], ARGV[5], ARGV[7] == '1'
if redis.call('GET', key('asserted_run')) ~= ARGV[2] then return done('RECOVERING') end
local entry, agent = load('entry', ARGV[3]), load('agent', user)
local e, a = entry.f, agent.f
if a.leg == leg and a.leg_entry == entry.id then return done('PICKED') end
if not in_line(e) then return done('STALE') end
local has_phone = is_called or (a.device ~= 'unreachable' and a.device ~= 'invalid' and a.device ~= 'in_use')
if a.occupancy ~= 'idle' or not a.logged_in_at or not has_phone then return done('NOT_IDLE') end

local ahead = redis.call('ZCOUNT', key('queue', e.queue, 'offerable'), '-inf',
  '(' .. string.format('%.0f', score(e)))
cancel_legs(entry)
reserve(agent, entry, leg, tonumber(ARGV[6]))
e.alone, a.called = '1', is_called and '1' or nil
a.desk_call = a.called or a.desk_call
publish('entry_offered', {entry = entry.id, queue = e.queue, user = user, leg = leg,
  passed_over = ahead, chosen = 'pick'})
summon(e.owner, entry.id)
look_at(e.queue)
return done('PICKED')
