FROM scratch
RUN --mount='type=cache,a"b=/x' x
