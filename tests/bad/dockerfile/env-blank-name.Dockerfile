FROM scratch
ENV =c
