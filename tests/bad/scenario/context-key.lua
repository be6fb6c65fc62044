scenario "s" { context = { a = { txet = "x" } }, variants = { v = "FROM x" }, steps = function(b) end }
