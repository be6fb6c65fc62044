# check=error=x
FROM scratch
