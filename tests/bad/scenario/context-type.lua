scenario "s" { context = 3, variants = { v = "FROM x" }, steps = function(b) end }
