-- purpose: write again what Redis lost: each record that is newer than the one it has
-- keys: KEYS[1] account tag
-- args: run, records as JSON [[kind, id, rev, fields]…], ms that our legs have at least
-- returns: ASSERTED
-- publishes: entry_asserted, agent_asserted
for _, known in ipairs(cjson.decode(ARGV[2])) do
  local kind, id, rev, fields = known[1], known[2], known[3], known[4]
  local record = load(kind, id)
  if tonumber(record.f.rev or 0) < tonumber(rev) then
    -- The write raises it by one: then it is as it was, and other edges' newer records still win.
    fields.ready, fields.rev = nil, tostring(tonumber(rev) - 1)
    if record.was.ready then  -- where the older record stands in the ready sets
      step_back(record)
      redis.call('HDEL', key('agent', id), 'ready')
      record.was.ready = nil
    end
    record.f = fields
    if kind == 'entry' then note_place(fields) end
    publish(kind .. '_asserted', {id = id, rev = rev, stage = fields.stage, owner = fields.owner,
      occupancy = fields.occupancy})
  end
  if kind == 'agent' and record.f.leg_owner == ARGV[1] then
    give_time(record, tonumber(ARGV[3]))
  end
end
return done('ASSERTED')
