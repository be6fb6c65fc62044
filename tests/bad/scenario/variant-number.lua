scenario "s" { variants = { v = 1 }, steps = function(b) end }
