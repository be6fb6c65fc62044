scenario "s" {
  variants = { v = "FROM x" },
  steps = function(b) b:build( end,
}
