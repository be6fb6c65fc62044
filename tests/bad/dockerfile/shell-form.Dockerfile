FROM scratch
SHELL a
