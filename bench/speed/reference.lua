-- SPDX-License-Identifier: MIT
-- The reference example on the virtual clock, as often as `builds` says (make bench puts
-- it in front): a first build, then app.py and requirements.txt are edited in turns, and
-- every third time nothing is. app.py is never the same twice; of requirements.txt there
-- are two versions, since each costs what hashing 21 MB of new layer costs.

local count = builds // 2 -- of a variant

scenario "reference" {
  context = {
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
    for i = 2, count do
      if i % 3 == 0 then
        b:write("requirements.txt", "flask==3.0." .. i % 2 .. "\n")
      elseif i % 3 == 1 then
        b:write("app.py", "print('v" .. i .. "')\n")
      end
      b:build()
    end
  end,
}
