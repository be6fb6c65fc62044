-- SPDX-License-Identifier: MIT
-- The first lesson: where COPY stands decides what an edit costs.

scenario "edit app.py" {
  lesson   = "A COPY of everything placed before the install makes every edit pay for the install.",
  context  = {
    ["app.py"] = "print('hello')\n",
    ["requirements.txt"] = "flask==3.0.0\n",
  },
  variants = {
    bad  = "FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n",
    good = "FROM python:3.11-slim\nWORKDIR /app\nCOPY requirements.txt .\n"
      .. "RUN pip install -r requirements.txt\nCOPY . .\n",
  },
  steps = function(b)
    b:build "first build"
    b:append("app.py", "print('v2')\n")
    b:build "edit app.py"
  end,
  expect = function(r)
    local good, bad = r.good["edit app.py"], r.bad["edit app.py"]
    check(r.good["first build"].seconds.virtual == 57.3, "first build, good order: 57.3 s")
    check(r.bad["first build"].seconds.virtual == 57.2, "first build, bad order: 57.2 s")
    check(r.good["first build"].ran == 5 and r.bad["first build"].ran == 4,
      "the first build runs every step")
    check(good.ran == 1 and good.reused == 4, "good order: only the last COPY runs")
    check(good.steps[5].status == "ran", "good order: step 5 is the one")
    check(good.seconds.virtual == 0.1, "good order: the edit costs 0.1 s")
    check(bad.ran == 2, "bad order: the COPY and the install run")
    check(bad.seconds.virtual == 45.1, "bad order: the edit costs 45.1 s")
    check(bad.steps[4].layer.size == 21300000, "the install writes 21.3 MB")
    check(bad.steps[3].miss.reason == "input", "bad order: the COPY misses for its input")
    check(bad.steps[3].miss.changes[1].path == "app.py", "and app.py is what changed")
    check(bad.steps[4].miss.reason == "parent" and bad.steps[4].miss.root == 3,
      "the install only follows from step 3")
  end,
}
