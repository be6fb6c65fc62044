FROM scratch
RUN --network=foo x
