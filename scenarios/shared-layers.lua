-- SPDX-License-Identifier: MIT
-- Ten images on one base store the base once, and the second of two related images is
-- a short pull.

local function dockerfile(n)
  return "FROM python:3.11-slim\nWORKDIR /app\nCOPY requirements.txt .\n"
    .. "RUN pip install -r requirements.txt\nCOPY service" .. n .. ".py app.py\n"
end

local context = { ["requirements.txt"] = "flask==3.0.0\n" }
for n = 1, 10 do
  context["service" .. n .. ".py"] = "print('service " .. n .. "')\n"
end

scenario "ten images on one base" {
  lesson = "Layers are stored once however many images stand on them.",
  context = context,
  variants = { services = dockerfile(1) },
  steps = function(b)
    for n = 1, 10 do
      b:dockerfile(dockerfile(n))
      b:build("service " .. n)
    end
  end,
  expect = function(r)
    local first, stored, unshared = r.services["service 1"], 0, 0
    local seen = {}
    for n = 1, 10 do
      local image, shared = r.services["service " .. n], true
      unshared = unshared + image.size
      for i, layer in ipairs(image.layers) do
        if not seen[layer.diff_id] then stored = stored + layer.size end
        seen[layer.diff_id] = true
        shared = shared and (i == #image.layers or layer.diff_id == first.layers[i].diff_id)
      end
      if n > 1 then
        check(shared and image.ran == 1 and image.fetched_bytes == 0 and image.new_bytes < 100,
          "service " .. n .. " shares every layer but its own file's")
      end
    end
    check(unshared > 1463000000, "ten images of 146.3 MB")
    check(stored < 146400000, "stored in 146.3 MB")
  end,
}

scenario "pull a related image" {
  lesson = "A pull fetches only the layers that are not here yet.",
  variants = { machine = "FROM python:3.12-slim\n" },
  steps = function(b)
    local first = b:pull "python:3.11-slim"
    local second = b:pull "python:3.12-slim"
    local again = b:pull "python:3.11-slim"
    assert(first.seconds.virtual == 12 and first.bytes == 125000000,
      "the first pull brings 125 MB in 12 s")
    assert(second.bytes == 41400000, "the second brings Python 3.12 alone, 41.4 MB")
    assert(second.seconds.virtual < 4, "in a third of the time")
    assert(again.bytes == 0 and again.seconds.virtual == 0, "what is here is not fetched")
    b:build "on what was pulled"
    b:fresh_machine()
    b:build "on a new machine"
  end,
  expect = function(r)
    check(r.machine["on what was pulled"].fetched_bytes == 0, "FROM finds its layers here")
    check(r.machine["on a new machine"].fetched_bytes == 125400000,
      "a new machine fetches them all")
  end,
}
