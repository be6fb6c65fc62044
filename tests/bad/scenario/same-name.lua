scenario "s" { variants = { v = "FROM x" }, steps = function(b) end }
scenario "s" { variants = { v = "FROM x" }, steps = function(b) end }
