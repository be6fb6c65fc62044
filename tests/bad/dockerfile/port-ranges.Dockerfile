FROM scratch
EXPOSE 1-3:4-5
