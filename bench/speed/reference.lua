-- SPDX-License-Identifier: MIT
-- The reference example, two variants of three builds each: what `make bench` repeats on
-- the virtual clock.

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
    b:append("app.py", "print('v2')\n")
    b:build "edit app.py"
    b:append("requirements.txt", "requests==2.31.0\n")
    b:build "edit requirements.txt"
  end,
}
