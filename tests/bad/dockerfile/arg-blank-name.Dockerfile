FROM scratch
ARG =c
