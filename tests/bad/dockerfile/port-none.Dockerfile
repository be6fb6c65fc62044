FROM scratch
EXPOSE /tcp
