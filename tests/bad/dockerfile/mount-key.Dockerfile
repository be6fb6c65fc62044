FROM scratch
RUN --mount=typ=cache x
