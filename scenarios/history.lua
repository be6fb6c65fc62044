-- SPDX-License-Identifier: MIT
-- `docker history`: one row an instruction; what is removed later is still carried.

scenario "history of an image" {
  lesson = "Every RUN, COPY and ADD is a layer for ever: clean up in the RUN that made the mess.",
  context = { ["app.py"] = "print('hello')\n" },
  variants = {
    ["two RUNs"] = [[
FROM debian:bookworm-slim
LABEL org.example.team=web
RUN apt-get update && apt-get install -y --no-install-recommends curl
RUN rm -rf /var/lib/apt/lists/*
ENV PORT=8080
COPY app.py /srv/
CMD ["python3", "/srv/app.py"]
]],
    ["one RUN"] = [[
FROM debian:bookworm-slim
LABEL org.example.team=web
RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
ENV PORT=8080
COPY app.py /srv/
CMD ["python3", "/srv/app.py"]
]],
  },
  steps = function(b)
    b:build "build"
    b:dockerfile(function(text) return (text:gsub("PORT=8080", "PORT=9090")) end)
    b:build "another port"
  end,
  expect = function(r)
    local two, one = r["two RUNs"]["build"], r["one RUN"]["build"]
    check(two.size - one.size == 19000000, "the removed lists are still carried: 19 MB")
    check(#two.layers == #one.layers + 1, "one layer a RUN")
    -- The base's rows come first. BuildKit names itself in its rows.
    local own, buildkit = {}, two.history[#two.history].comment ~= nil
    for _, row in ipairs(two.history) do
      if #own > 0 or row.created_by:find("LABEL", 1, true) then own[#own + 1] = row end
    end
    check(#own == 6, "a row for every instruction of the Dockerfile but FROM")
    local total = 0
    for _, row in ipairs(two.history) do total = total + row.size end
    check(total == two.size, "the rows add up to the image")
    for _, row in ipairs(own) do
      local layer = not row.created_by:find("LABEL") and not row.created_by:find("ENV ")
        and not row.created_by:find("CMD ")
      check(row.empty == not layer, "\"" .. row.created_by:sub(1, 20) .. "\" is "
        .. (layer and "a layer" or "empty"))
    end
    -- The classic builder and buildah copy anew below a changed ENV.
    check(r["two RUNs"]["another port"].ran == (buildkit and 0 or 1),
      "ENV below every RUN re-runs " .. (buildkit and "nothing" or "the COPY"))
    check(r["two RUNs"]["another port"].image ~= two.image, "but it is another image")
  end,
}
