-- SPDX-License-Identifier: MIT
-- A rebuild of the same input reuses everything; a new machine reuses nothing, unless
-- it brings a cache along.

local dockerfile = [[
# the published example
FROM python:3.11-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
]]

scenario "nothing changed" {
  lesson = "The same input costs nothing twice; times, comments and spelling are no input.",
  context = {
    ["app.py"] = "print('hello')\n",
    ["requirements.txt"] = "flask==3.0.0\n",
    [".dockerignore"] = "Dockerfile\n.dockerignore\n",
  },
  variants = { only = dockerfile },
  steps = function(b)
    b:build "first build"
    b:build "again"
    b:touch "app.py"
    b:build "touched"
    b:dockerfile(function(text)
      return (text:gsub("# the published example", "# another comment\n")
        :gsub("COPY %. %.", "copy ./ ."))
    end)
    b:build "comment and spelling"
    b:dockerfile(dockerfile)
    b:build("no cache", { no_cache = true })
    b:fresh_machine()
    b:build "new machine"
    b:chmod("app.py", "0755")
    b:build "new mode"
  end,
  expect = function(r)
    local first = r.only["first build"]
    for _, label in ipairs { "again", "touched" } do
      local again = r.only[label]
      check(again.ran == 0 and again.reused == 5, label .. ": all five steps are reused")
      check(again.seconds.virtual == 0, label .. ": no time at all")
      check(again.image == first.image, label .. ": the same image")
      check(again.new_bytes == 0 and again.fetched_bytes == 0, label .. ": no byte moved")
    end
    check(r.only["comment and spelling"].ran == 0, "a comment is no input")
    check(r.only["no cache"].ran == 4, "--no-cache runs every step but FROM")
    check(r.only["no cache"].size == first.size, "and gives as large an image")
    check(r.only["new machine"].ran == 5, "a fresh machine starts from nothing")
    check(r.only["new machine"].fetched_bytes == 125000000, "and fetches 125 MB")
    check(r.only["new mode"].ran == 1, "a mode is an input")
    check(r.only["new mode"].steps[5].miss.changes[1].what == "mode", "and is named so")
  end,
}
