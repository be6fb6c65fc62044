FROM scratch
ADD --checksum=foo https://a/b c
