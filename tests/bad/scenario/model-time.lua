model "m" { time = "soon" }
scenario "s" { variants = { v = "FROM x" }, steps = function(b) end }
