FROM scratch
RUN --network x
