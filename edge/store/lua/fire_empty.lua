-- purpose: no member counts any more: who waits leaves the line, the first 50 of them
-- keys: KEYS[1] account tag
-- args: run, queue
-- returns: FIRED | NOT_DUE
-- publishes: entry_left
local queue = ARGV[2]
local at = redis.call('ZSCORE', key('due'), 'empty:' .. queue)
if not has_come(at or nil) then return done('NOT_DUE') end
set_due('empty:' .. queue, nil)
if must_empty(queue) then
  for i, id in ipairs(first_waiting(queue, 50)) do
    if i > 50 then break end
    local entry = load('entry', id)
    end_entry(entry, 'leave_empty')
    summon(entry.f.owner, id)
  end
end
touch(queue)
return done('FIRED')
