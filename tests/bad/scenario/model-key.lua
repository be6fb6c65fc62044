model "m" { tiem = "3s" }
scenario "s" { variants = { v = "FROM x" }, steps = function(b) end }
