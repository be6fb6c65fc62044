FROM scratch
RUN --mount=type=secret x
