scenario "s" {
  variants = { v = "FROM scratch\n" },
  stpes = function(b) end,
}
