-- SPDX-License-Identifier: MIT
-- What the install depends on is what its COPY brings: the list, not the application.

local bad = [[
FROM python:3.11-slim
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
]]

local good = [[
FROM python:3.11-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
]]

scenario "edit requirements.txt" {
  lesson = "When the list of dependencies changes, the install has to run in any order; "
    .. "but a touch or a revert costs nothing.",
  context = {
    ["app.py"] = "print('hello')\n",
    ["requirements.txt"] = "flask==3.0.0\nrequests==2.31.0\n",
  },
  variants = { bad = bad, good = good },
  steps = function(b)
    b:build "first build"
    b:append("requirements.txt", "gunicorn==21.2.0\n")
    b:build "add a line"
    b:edit("requirements.txt", function(text)
      return (text:gsub("flask==3.0.0", "flask==3.0.3"))
    end)
    b:build "new version"
    b:touch "requirements.txt"
    b:build "touch"
    b:edit("requirements.txt", function(text)
      return (text:gsub("flask==3.0.3", "flask==3.0.0"))
    end)
    b:build "revert"
  end,
  expect = function(r)
    for _, label in ipairs { "add a line", "new version" } do
      local good_edit, bad_edit = r.good[label], r.bad[label]
      check(good_edit.seconds.virtual == 45.2, "good order, " .. label .. ": 45.2 s")
      check(good_edit.ran == 3, "good order, " .. label .. ": three steps run")
      check(bad_edit.seconds.virtual == 45.1, "bad order, " .. label .. ": 45.1 s")
      check(bad_edit.ran == 2, "bad order, " .. label .. ": two steps run")
      check(good_edit.steps[4].layer.size == 21300000, label .. ": 21.3 MB again")
      check(good_edit.steps[3].miss.changes[1].path == "requirements.txt",
        label .. ": requirements.txt is the cause")
    end
    check(r.good["add a line"].steps[4].layer.diff_id
      ~= r.good["new version"].steps[4].layer.diff_id, "another list installs other files")
    for _, variant in ipairs { "good", "bad" } do
      check(r[variant]["touch"].ran == 0, variant .. ": times do not count")
      check(r[variant]["revert"].ran == 0, variant .. ": old records are still there")
      check(r[variant]["revert"].image == r[variant]["add a line"].image,
        variant .. ": the reverted image is the earlier one")
    end
  end,
}

scenario "an install without requirements" {
  lesson = "A list that names nothing installs nothing.",
  context = { ["requirements.txt"] = "# nothing yet\n\n" },
  variants = { only = "FROM python:3.11-slim\nCOPY requirements.txt .\n"
    .. "RUN pip install -r requirements.txt\n" },
  steps = function(b)
    b:build "comments only"
    b:remove "requirements.txt"
    b:build("missing file", { fails = "requirements.txt" })
  end,
  expect = function(r)
    local step = r.only["comments only"].steps[3]
    -- The classic builder makes no layer where nothing changed.
    check(step.seconds.virtual == 1 and (not step.layer or step.layer.size == 0), "1 s, no file")
    check(r.only["missing file"].failed, "COPY of a missing file fails")
  end,
}
