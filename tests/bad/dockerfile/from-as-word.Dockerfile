FROM scratch ab c
