FROM scratch
ENV a=${x#a\[}
