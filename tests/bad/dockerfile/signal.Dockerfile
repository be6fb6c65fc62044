FROM scratch
STOPSIGNAL foo
