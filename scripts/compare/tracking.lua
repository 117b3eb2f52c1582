-- For wrk: calls of the tracking API, each event with a message id of its own.
--
--   wrk ... -s tracking.lua URL -- KEY EVENTS PAUSE
--
-- EVENTS of 0 are calls of one event, to /v1/track; else batches of as many, to /v1/batch.
-- A connection rests for PAUSE milliseconds before each request. The last line is
-- "wrk REQUESTS SECONDS FAULTS P50 P99", the times in milliseconds.

local people = 20000
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

local function item(person)
  return '{"type":"track","event":"Product Viewed","messageId":"w-',
    string.format('","anonymousId":"web-%08d","userId":"u-%08d","timestamp":"2024-03-01T08:00:00Z",', person, person) ..
    '"properties":{"product":"Brass lamp","price":42.5,"path":"/lighting/brass"}}'
end

-- A request is a list of pieces, and its serial number, always as long, stands between
-- them: joining them is all that is done for one.
function init(args)
  local key, events = args[1], tonumber(args[2])
  pause = tonumber(args[3])
  run = string.format("%06x%02x", os.time() % 0x1000000, number)
  requests, serial = {}, 0
  local path = events == 0 and "/v1/track" or "/v1/batch"
  local person = 0
  for n = 1, people / math.max(events, 1) do
    local pieces, text = {}, events == 0 and "" or '{"batch":['
    for i = 1, math.max(events, 1) do
      local before, after = item(person)
      person = person + 1
      pieces[i] = text .. before
      text = string.format("-%d", i) .. after .. (i < events and "," or "")
    end
    pieces[#pieces + 1] = text .. (events == 0 and "" or "]}")
    local length = (#pieces - 1) * 18
    for _, p in ipairs(pieces) do length = length + #p end
    pieces[1] = "POST " .. path .. " HTTP/1.1\r\nHost: " .. wrk.headers["Host"] .. "\r\nAuthorization: Bearer " .. key ..
      "\r\nContent-Type: application/json\r\nContent-Length: " .. length .. "\r\n\r\n" .. pieces[1]
    requests[n] = pieces
  end
end

function request()
  serial = serial + 1
  return table.concat(requests[serial % #requests + 1], string.format("%s%010d", run, serial))
end

function delay()
  return pause
end

function done(summary, latency)
  local e = summary.errors
  print(string.format("wrk %d %.3f %d %.3f %.3f", summary.requests, summary.duration / 1e6,
    e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
