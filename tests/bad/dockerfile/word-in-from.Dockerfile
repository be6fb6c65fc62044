FROM ${x
