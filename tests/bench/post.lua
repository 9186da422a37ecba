-- SPDX-License-Identifier: Apache-2.0
-- wrk: one POST body, and the result as one line of JSON. Arguments: file with the body, key.
function init(args)
    local f = assert(io.open(args[1], "rb"))
    wrk.method = "POST"
    wrk.body = f:read("*a")
    f:close()
    wrk.path = "/v1/chat/completions"
    wrk.headers["Content-Type"] = "application/json"
    wrk.headers["Authorization"] = "Bearer " .. args[2]
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format('RESULT {"requests": %d, "us": %d, "errors": %d, "bad_status": %d, "p50_us": %d, "p99_us": %d}\n',
        summary.requests, summary.duration, e.connect + e.read + e.write + e.timeout, e.status,
        latency:percentile(50), latency:percentile(99)))
end
