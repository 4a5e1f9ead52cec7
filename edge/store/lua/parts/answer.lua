-- How every move answers: records written, queues looked at, one JSON text.
local ENDED_KEPT_SECONDS = 3600

local function commit()
  for _, record in ipairs(in_order) do
    local f, was = record.f, record.was
    if differs(record) and (record.exists or next(f)) then
      f.rev = tostring(tonumber(f.rev or 0) + 1)
      if record.kind == 'agent' then
        index_agent(record)
        recount(record)
      else
        index_entry(record)
      end
      local sets, dels = {}, {}
      for name, value in pairs(f) do
        if was[name] ~= value then sets[#sets + 1], sets[#sets + 2] = name, value end
      end
      for name in pairs(was) do
        if f[name] == nil then dels[#dels + 1] = name end
      end
      redis.call('HSET', key(record.kind, record.id), unpack(sets))
      if #dels > 0 then redis.call('HDEL', key(record.kind, record.id), unpack(dels)) end
      if f.stage == 'ended' then redis.call('EXPIRE', key('entry', record.id), ENDED_KEPT_SECONDS) end
    end
  end
end

-- What else a move has to tell.
local told = {}

local function done(word)
  commit()
  local reply = {word = word, now = now, records = {}, heads = heads_seen(FIRST_LOOK),
    dues = lines_to_empty()}
  for i, record in ipairs(in_order) do
    reply.records[i] = {record.kind, record.id, record.f}
  end
  write_dues()
  for name, what in pairs(told) do reply[name] = what end
  write_learnt()
  return cjson.encode(reply)
end
