scenario "s" { variants = { v = "FROM scratch\n" } }
