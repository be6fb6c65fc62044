scenario "s" { context = "../../unit", variants = { v = "FROM x" }, steps = function(b) end }
