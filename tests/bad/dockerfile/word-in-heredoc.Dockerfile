FROM scratch
COPY <<E /x
${u
E
