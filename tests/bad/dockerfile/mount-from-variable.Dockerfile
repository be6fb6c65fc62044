FROM scratch
RUN --mount=type=bind,from=$x,target=/a x
