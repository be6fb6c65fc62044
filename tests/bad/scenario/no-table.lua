-- forgot the table

scenario "s"
