base "b:1" { layrs = {} }
scenario "s" { variants = { v = "FROM x" }, steps = function(b) end }
