scenario "s" { context = "no-such-folder", variants = { v = "FROM x" }, steps = function(b) end }
