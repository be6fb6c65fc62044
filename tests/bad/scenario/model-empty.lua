model "m" { why = "x" }
scenario "s" { variants = { v = "FROM x" }, steps = function(b) end }
