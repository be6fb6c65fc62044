FROM scratch
LABEL =c
