scenario "s" { steps = function(b) end }
