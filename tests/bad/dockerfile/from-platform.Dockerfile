FROM --platform=foo scratch
