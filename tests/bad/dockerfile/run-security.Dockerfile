FROM scratch
RUN --security=foo x
