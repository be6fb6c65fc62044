scenario "s" { context = { ["../a"] = "x" }, variants = { v = "FROM x" }, steps = function(b) end }
