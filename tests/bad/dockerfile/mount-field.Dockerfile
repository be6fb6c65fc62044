FROM scratch
RUN --mount=foo x
