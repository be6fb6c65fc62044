scenario "s" { variants = {}, steps = function(b) end }
