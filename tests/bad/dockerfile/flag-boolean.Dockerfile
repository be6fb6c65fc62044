FROM scratch
COPY --link=foo a b
