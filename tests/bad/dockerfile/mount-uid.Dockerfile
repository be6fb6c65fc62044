FROM scratch
RUN --mount=type=cache,target=/x,uid=a x
