-- Sends the lines of a file as a browser would, one after the other, and says as JSON what came of it. A line holds a method, a path, the
-- page it is sent from, a cookie and a form, parted by tabs. Forms are sent once each, pages again and again.

local ffi = require("ffi")
ffi.cdef [[
  typedef struct { long seconds; long nanoseconds; } bench_time;
  int clock_gettime(int clock, bench_time *time);
]]

local forms = os.getenv("SALLYPORT_BENCH_SENDS") == "forms"
local threads, lines, at = {}, {}, 0

-- When all is over these are read from the thread that sent: so they are no locals.
began, ended, exhausted, refused, accepted, refusals, samples = 0, 0, false, 0, 0, "", ""

local function now()
  local time = ffi.new("bench_time")
  -- 1 is the clock that only goes forwards.
  ffi.C.clock_gettime(1, time)
  return tonumber(time.seconds) * 1e6 + tonumber(time.nanoseconds) / 1e3
end

-- How a browser sends it. Its number comes back with the answer.
local function sent(nth, line)
  local method, path, page, cookie, form = line:match("^(.-)\t(.-)\t(.-)\t(.-)\t(.*)$")
  local headers = {
    ["Accept"] = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    ["Accept-Encoding"] = "gzip, deflate, br",
    ["Cookie"] = cookie,
    ["Sec-Fetch-Site"] = "same-origin",
    ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) sallyport-bench",
    ["X-Request-Id"] = "bench-" .. nth,
  }
  local origin = "http://" .. wrk.headers["Host"]
  headers["Referer"] = origin .. page
  if method == "GET" then
    return wrk.format(method, path, headers)
  end
  headers["Origin"] = origin
  headers["Content-Type"] = "application/x-www-form-urlencoded"
  return wrk.format(method, path, headers, form)
end

-- A form that was not taken leads back to its page, to a page that confirms it, or to the door. (Statuses over 399 are counted by wrk.)
local function watch(status, headers)
  ended = now()
  if status > 399 then
    return
  end
  local to = (headers["location"] or ""):gsub('[%c%s"\\]', "?")
  local told = string.format('"%s %s"', (headers["x-request-id"] or ""):match("%d+$") or "0", to)
  if status ~= 303 or to:find("[?&]kept=") or to:find("^/confirm/") or to:find("^/sign%-in") then
    refused = refused + 1
    if refused <= 5 then
      refusals = refusals .. (refused > 1 and "," or "") .. told
    end
    return
  end
  accepted = accepted + 1
  if accepted % 20 == 1 then
    samples = samples .. (accepted > 1 and "," or "") .. told
  end
end

function setup(thread)
  table.insert(threads, thread)
end

function init()
  for line in io.lines(os.getenv("SALLYPORT_BENCH_LINES")) do
    table.insert(lines, sent(#lines + 1, line))
  end
  if forms then
    response = watch
  end
end

function request()
  if at == 0 then
    began = now()
  end
  at = at + 1
  if at > #lines and forms then
    exhausted = true
    wrk.thread:stop()
    return wrk.format("GET", "/healthz")
  end
  if at > #lines then
    at = 1
  end
  return lines[at]
end

function done(summary, latency)
  local thread, errors, took = threads[1], summary.errors, summary.duration
  if thread:get("exhausted") then
    took = thread:get("ended") - thread:get("began")
  end
  local says = '{"requests":%d,"failed":%d,"broken":%d,"refused":%d,"took_us":%d,"p50_us":%d,"p99_us":%d,"exhausted":%s,'
    .. '"refusals":[%s],"samples":[%s]}\n'
  io.write(says:format(
    summary.requests,
    errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    thread:get("refused"),
    took,
    latency:percentile(50),
    latency:percentile(99),
    tostring(thread:get("exhausted")),
    thread:get("refusals"),
    thread:get("samples")
  ))
end
