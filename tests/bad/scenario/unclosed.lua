scenario "s" {
  steps = function(b)

