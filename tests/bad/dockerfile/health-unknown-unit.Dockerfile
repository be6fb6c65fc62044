FROM scratch
HEALTHCHECK --interval=1x CMD a
