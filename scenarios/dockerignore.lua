-- SPDX-License-Identifier: MIT
-- .dockerignore: what churns beside the sources must not reach COPY.

local dockerfile = [[
FROM python:3.11-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
RUN python -m compileall -q src
]]

scenario "add .dockerignore" {
  lesson = "Logs, caches, .git and node_modules change on their own; ignored, they "
    .. "neither rebuild nor bloat the image.",
  context = {
    ["requirements.txt"] = "flask==3.0.0\n",
    ["src/app.py"] = "print('hello')\n",
    ["logs/app.log"] = "started\n",
    ["src/__pycache__/app.cpython-311.pyc"] = { size = "4kB" },
    [".git/HEAD"] = "ref: refs/heads/main\n",
    [".git/objects/pack/pack-1.pack"] = { size = "3MB" },
    ["node_modules/left-pad/index.js"] = { size = "2MB" },
  },
  variants = { ["no file"] = dockerfile, ignored = dockerfile },
  steps = function(b)
    if b.variant == "ignored" then
      b:ignore { "**/__pycache__", "logs", ".git", "node_modules", "!logs/keep.txt",
                 "Dockerfile", ".dockerignore" }
    end
    b:build "first build"
    b:append("logs/app.log", "a request\n")
    b:build "a log line"
    b:write("src/__pycache__/app.cpython-311.pyc", { size = "5kB" })
    b:build "a test run"
    b:write(".git/HEAD", "ref: refs/heads/feature\n")
    b:build "a branch"
    b:write("node_modules/left-pad/package.json", "{}\n")
    b:build "npm install"
    b:append("src/app.py", "print('v2')\n")
    b:build "edit app.py"
    b:write("logs/keep.txt", "kept\n")
    b:build "a file let back in"
  end,
  expect = function(r)
    for _, label in ipairs { "a log line", "a test run", "a branch", "npm install" } do
      check(r["no file"][label].ran == 2, "without the file, " .. label .. " rebuilds")
      check(r.ignored[label].ran == 0, "ignored, " .. label .. " costs nothing")
    end
    check(r.ignored["edit app.py"].ran == 2, "a source still counts")
    check(r.ignored["a file let back in"].ran == 2, "what a ! line lets in counts")
    check(r["no file"]["a log line"].steps[5].miss.changes[1].path == "logs/app.log",
      "the cause has a name")
    local fat = r["no file"]["first build"].steps[5].layer.size
    local thin = r.ignored["first build"].steps[5].layer.size
    check(fat - thin > 5000000, "and the image is 5 MB smaller")
  end,
}
