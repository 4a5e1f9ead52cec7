-- purpose: all that a dead edge owned in this account becomes ours; the loser finds nothing
-- keys: KEYS[1] account tag
-- args: run, dead run, ms that its legs have at least
-- returns: TAKEN
-- publishes: entry_taken_over
local run, dead = ARGV[1], ARGV[2]
local ids = redis.call('SMEMBERS', key('owned', dead))
table.sort(ids)
for _, id in ipairs(ids) do
  local entry = load('entry', id)
  local e = entry.f
  if e.owner == dead and e.stage ~= 'ended' then
    e.owner, e.held_back = run, nil
    publish('entry_taken_over', {entry = id, queue = e.queue, owner = run, before = dead})
    for user in string.gmatch((e.ringing or '') .. ' ' .. (e.agent or ''), '%S+') do
      local agent = load('agent', user)
      if agent.f.leg_entry == id then
        agent.f.leg_owner = run
        give_time(agent, tonumber(ARGV[3]))
      end
    end
    look_at(e.queue)
  end
end
redis.call('DEL', key('owned', dead))
return done('TAKEN')
