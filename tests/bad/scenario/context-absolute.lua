scenario "s" { context = "/etc", variants = { v = "FROM x" }, steps = function(b) end }
