-- Names and files that would change the page if anything in it were taken as markup.
local evil = [[<script>owned=1</script><img src=x onerror="owned=1">"'><svg onload=owned=1>]]
  .. [[ </style></title>&lt;b&gt; javascript:owned=1 ${owned=1} `owned` </table><!-- ]]

scenario(evil) {
  lesson = evil .. string.rep("wide", 60),
  context = { ["app.py"] = evil, ["x y<b>.txt"] = "1" },
  variants = {
    [evil .. " a"] = "# " .. evil .. "\nFROM python:3.11-slim\nLABEL note=\"</table><script>owned=1</script>\"\n"
      .. "COPY . .\nRUN pip install flask\n",
    b = "FROM python:3.11-slim\nRUN pip install flask\nCOPY . .\n",
  },
  steps = function(b)
    b:build(evil)
    b:append("app.py", "#\n")
    b:build("again " .. evil)
    b:build(string.rep("nobreak", 30))
  end,
  expect = function(r)
    check(r.b[evil].ran == 3, evil)
  end,
}

-- A scan, for the part of the page that shows growth.
scenario "grows" {
  scan = { files = { 10, 100, 1000 } },
  context = function(p)
    local files = {}
    for i = 1, p.files do files["f" .. i] = "1234567890" end
    return files
  end,
  variants = { [evil] = "FROM scratch\nCOPY f* /\n" },
  steps = function(b) b:build(evil) end,
}
