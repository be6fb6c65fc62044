-- SPDX-License-Identifier: MIT
-- Bad and good order side by side, on a front end: what changes seldom goes first.

local package_json = [[
{
  "name": "shop",
  "version": "1.0.0",
  "scripts": { "build": "bundle src/index.js" },
  "dependencies": { "express": "^4.19.2", "react": "^18.3.1" },
  "devDependencies": { "eslint": "^9.3.0" }
}
]]

scenario "reorder instructions" {
  lesson = "Instructions that change often belong below those that cost much.",
  context = {
    ["package.json"] = package_json,
    ["package-lock.json"] = "{ \"lockfileVersion\": 3 }\n",
    ["src/index.js"] = "console.log('shop')\n",
  },
  variants = {
    bad = [[
FROM node:20-slim
WORKDIR /app
ARG BUILD_NUMBER=1
COPY . .
RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
RUN npm ci
RUN npm run build
CMD ["node", "dist/bundle.js"]
]],
    good = [[
FROM node:20-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
ARG BUILD_NUMBER=1
RUN npm run build
CMD ["node", "dist/bundle.js"]
]],
  },
  steps = function(b)
    b:build "first build"
    b:append("src/index.js", "console.log('v2')\n")
    b:build "edit index.js"
    b:build("next build number", { args = { BUILD_NUMBER = "2" } })
  end,
  expect = function(r)
    local good, bad = r.good["edit index.js"], r.bad["edit index.js"]
    check(good.ran == 2, "good order: the last COPY and the bundler run")
    check(bad.ran == 4, "bad order: everything from the COPY on runs")
    check(bad.seconds.virtual > 3 * good.seconds.virtual,
      "the bad order costs over three times as much")
    check(math.abs(bad.seconds.virtual - good.seconds.virtual - 35) < 0.001,
      "the difference is apt-get (15 s) and npm ci (20 s)")
    check(r.good["next build number"].ran == 1,
      "good order: a build number re-runs what stands below its ARG")
    check(r.bad["next build number"].ran == 3,
      "bad order: it is in the environment of every RUN")
  end,
}
