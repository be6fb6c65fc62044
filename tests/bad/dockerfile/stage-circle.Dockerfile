FROM scratch AS x
COPY --from=x a b
