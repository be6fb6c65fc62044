FROM scratch AS 9a
