-- purpose: webhooks whose time has come (a new attempt is due, or the edge that had them is silent)
--   are in our hands; one whose attempts are spent is given up, and what was given up is forgotten
--   after 30 days
-- keys: KEYS[1] account tag
-- args: run, how many at most, ms that this edge holds them, attempts at most
-- returns: TAKEN
-- publishes: webhook_given_up
forget_old()
local due = redis.call('ZRANGEBYSCORE', key('outbox'), '-inf', now, 'LIMIT', 0, ARGV[2])
for _, id in ipairs(due) do
  local w = flat_hash(key('outbox', id))
  if tonumber(w.attempts) >= tonumber(ARGV[4]) then
    give_up(id, w, 'attempts_spent', 'its edge died')
  else
    w.attempts = tostring(tonumber(w.attempts) + 1)
    hold(id, w, tonumber(ARGV[3]))
  end
end
return done('TAKEN')
