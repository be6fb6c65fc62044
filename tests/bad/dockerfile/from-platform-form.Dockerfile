FROM --platform=a/b/c/d scratch
