FROM scratch
HEALTHCHECK --interval=1 CMD a
