-- purpose: webhooks whose time has come (a new attempt is due, or the edge that had them is silent)
--   are in our hands; one whose attempts are spent or that is too old is given up, and what was
--   given up is forgotten after 30 days
-- keys: KEYS[1] account tag
-- args: run, how many at most, ms that this edge holds them, attempts at most, ms after which it is too
--   old
-- returns: TAKEN
-- publishes: webhook_given_up
forget_old()
local due = redis.call('ZRANGEBYSCORE', key('outbox'), '-inf', now, 'LIMIT', 0, ARGV[2])
for _, id in ipairs(due) do
  local w = on_its_way(id)
  if not w.url then
    -- No edge came for a month.
    redis.call('ZREM', key('outbox'), id)
  elseif now - tonumber(w.written_at) >= tonumber(ARGV[5]) then
    give_up(id, w, 'too_old', w.answer or '')
  elseif tonumber(w.attempts) >= tonumber(ARGV[4]) then
    give_up(id, w, 'attempts_spent', 'its edge died')
  else
    w.attempts = tostring(tonumber(w.attempts) + 1)
    hold(id, w, tonumber(ARGV[3]))
  end
end
return done('TAKEN')
