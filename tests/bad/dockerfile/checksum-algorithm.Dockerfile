FROM scratch
ADD --checksum=md5:00 https://a/b c
