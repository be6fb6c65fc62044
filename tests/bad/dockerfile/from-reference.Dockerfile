FROM a:b:c
