base "b:1" { size = "big" }
scenario "s" { variants = { v = "FROM x" }, steps = function(b) end }
