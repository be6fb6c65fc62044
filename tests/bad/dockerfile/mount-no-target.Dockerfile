FROM scratch
RUN --mount=type=tmpfs x
