FROM scratch
RUN --device=foo x
