FROM scratch
CMD --foo x
