/* SPDX-License-Identifier: MIT */
/*
 * The micro-cases of cache behaviour, observed on dockerd 20.10, buildkitd 0.32, the
 * classic builder and buildah 1.28: what is reused after one edit. One row a case and
 * edit; letters are the RUN, COPY, ADD and WORKDIR steps of the second build in order:
 * C cached, R ran. Two stale hits of BuildKit are left out on purpose (rows 50, 51 and
 * 72 run here: a changed byte or mode is always noticed).
 */
#include "tests/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/mem.h"
#include "sim/layer/tar.h"
#include "tests/unit/build/lab.h"

/* What happens between the builds: words separated by ";". */
struct row {
    const char *number;
    const char *before;     /* Dockerfile; "P" the standard one */
    const char *edit;       /* "" nothing */
    const char *after;      /* Dockerfile; NULL as before */
    const char *bk, *c, *h; /* "" not run there; NULL as bk */
};

#define P "FROM busybox\nCOPY a.txt /a\nRUN cat /a\nCOPY b.txt /b\nRUN cat /b\n"
#define F "FROM busybox\n"
/* A cache mount that starts with the files of a stage; there, owners mean nothing. */
#define CACHE_STAGE "FROM busybox AS s\nCOPY a.txt /o/\nCOPY b.txt /b\n" F
#define CACHE_FROM                                                                     \
    CACHE_STAGE "RUN --mount=type=cache,from=s,source=/o,target=/c cat /c/a.txt\n"
#define CACHE_FROM_OWNED                                                               \
    CACHE_STAGE "RUN --mount=type=cache,from=s,source=/o,uid=3,target=/c cat "         \
                "/c/a.txt\n"

static const struct row rows[] = {
    {"1 nothing", P, "", NULL, "CCCC", NULL, NULL},
    {"2 touch a", P, "touch a.txt", NULL, "CCCC", NULL, NULL},
    {"3 edit a", P, "write a.txt AA", NULL, "RRRR", NULL, NULL},
    {"4 edit b", P, "write b.txt BB", NULL, "CCRR", NULL, NULL},
    {"5 revert", P, "write a.txt AA;build;write a.txt a", NULL, "CCCC", NULL, NULL},
    {"6 chmod 600", P, "chmod a.txt 600", NULL, "RRRR", NULL, NULL},
    {"6 chmod 664", P, "chmod a.txt 664", NULL, "RRRR", NULL, NULL},
    {"6 setuid", P, "chmod a.txt 4755", NULL, "RRRR", NULL, NULL},
    {"7 rename", P, "rename a.txt c.txt",
     F "COPY c.txt /a\nRUN cat /a\nCOPY b.txt /b\nRUN cat /b\n", "RRRR", NULL, "CCCC"},
    {"8 dest", F "COPY a.txt /a\nRUN echo x\n", "", F "COPY a.txt /aa\nRUN echo x\n",
     "RR", NULL, NULL},
    {"9 spelling", P, "",
     "# comment\nFrom busybox\n\ncopy   a.txt   /a\n# c\nrun cat /a\n\nCOPY b.txt "
     "/b\nRun   cat /b\n",
     "CCCC", NULL, NULL},
    {"10 inner blank", P, "",
     F "COPY a.txt /a\nRUN cat  /a\nCOPY b.txt /b\nRUN cat /b\n", "CRRR", NULL, NULL},
    {"11 blanks after", P, "",
     F "COPY a.txt /a\nRUN cat /a  \nCOPY b.txt /b\nRUN cat /b\n", "CCCC", NULL,
     "CRRR"},
    {"12 continuation", F "RUN true && echo x\n", "", F "RUN true && \\\n    echo x\n",
     "R", NULL, NULL},
    {"12 indent", F "RUN true && \\\n  echo x\n", "", F "RUN true && \\\n    echo x\n",
     "R", NULL, NULL},
    {"13 comment within", F "RUN true && \\\n  echo x\n", "",
     F "RUN true && \\\n# why\n  echo x\n", "C", NULL, NULL},
    {"14 shell comment", F "RUN echo x # one\n", "", F "RUN echo x # two\n", "R", NULL,
     ""},
    {"15 CRLF", F "RUN echo x\n", "", "FROM busybox\r\nRUN echo x\r\n", "C", NULL, ""},
    {"15 no EOL", F "RUN echo x\n", "", F "RUN echo x", "C", NULL, ""},
    {"16 LABEL", F "LABEL v=1\nRUN echo x\nCOPY a.txt /a\nRUN cat /a\n", "",
     F "LABEL v=2\nRUN echo x\nCOPY a.txt /a\nRUN cat /a\n", "CCC", "RRR", "RRR"},
    {"17 CMD", F "CMD a\nRUN echo x\nCOPY a.txt /a\n", "",
     F "CMD b\nRUN echo x\nCOPY a.txt /a\n", "CC", "RR", "RR"},
    {"18 ENV", F "ENV v=1\nCOPY a.txt /a\nRUN echo x\nCOPY b.txt /b\n", "",
     F "ENV v=2\nCOPY a.txt /a\nRUN echo x\nCOPY b.txt /b\n", "CRR", "RRR", "RRR"},
    {"19 build-arg", F "ARG V\nCOPY a.txt /a\nRUN echo x\n", "arg V=2", NULL, "CR",
     NULL, NULL},
    {"20 ARG default", F "ARG V=1\nRUN echo x\n", "", F "ARG V=2\nRUN echo x\n", "R",
     NULL, NULL},
    {"21 ARG between", F "RUN echo x\nARG V=1\nRUN echo y\n", "",
     F "RUN echo x\nARG V=2\nRUN echo y\n", "CR", NULL, NULL},
    {"22 global ARG", "ARG G=1\n" F "RUN echo x\n", "", "ARG G=2\n" F "RUN echo x\n",
     "C", NULL, ""},
    {"22 redeclared", "ARG G=1\n" F "ARG G\nRUN echo x\n", "",
     "ARG G=2\n" F "ARG G\nRUN echo x\n", "R", NULL, ""},
    {"23 ARG of parent", "FROM busybox AS p\nARG V\nFROM p\nRUN echo x\n", "arg V=2",
     NULL, "R", "C", "C"},
    {"24 undeclared", F "RUN echo x\n", "arg NOPE=1;arg HTTP_PROXY=http://p", NULL, "C",
     NULL, NULL},
    {"25 declared proxy", F "ARG HTTP_PROXY\nRUN echo x\n", "arg HTTP_PROXY=http://p",
     NULL, "R", NULL, NULL},
    {"26 default given", F "ARG V=1\nRUN echo x\n", "arg V=1", NULL, "C", NULL, NULL},
    {"27 ARG no value", F "RUN echo x\n", "", F "ARG V\nRUN echo x\n", "C", "R", "R"},
    {"28 ARG value", F "RUN echo x\n", "", F "ARG V=1\nRUN echo x\n", "R", NULL, NULL},
    {"28 TARGETARCH", F "RUN echo x\n", "", F "ARG TARGETARCH\nRUN echo x\n", "R", NULL,
     NULL},
    {"29 empty arg", F "ARG V\nRUN echo x\n", "arg V=", NULL, "R", NULL, ""},
    {"30 ENV over ARG", F "ARG V\nENV V=9\nRUN echo x\n", "arg V=2", NULL, "C", NULL,
     NULL},
    {"31 ARG to ENV", F "ARG A=1\nRUN echo x\n", "", F "ENV A=1\nRUN echo x\n", "C",
     "R", "R"},
    {"32 two ENV lines", F "ENV A=1 B=2\nRUN echo x\n", "",
     F "ENV A=1\nENV B=2\nRUN echo x\n", "C", "R", "R"},
    {"33 ENV order", F "ENV A=1 B=2\nRUN echo x\n", "", F "ENV B=2 A=1\nRUN echo x\n",
     "R", NULL, NULL},
    {"34 quotes", F "ENV A=1\nRUN echo x\n", "", F "ENV A=\"1\"\nRUN echo x\n", "C",
     "C", "R"},
    {"34 old form", F "ENV A=1\nRUN echo x\n", "", F "ENV A 1\nRUN echo x\n", "C", "C",
     "R"},
    {"35 ENV after", F "RUN echo x\nENV A=1\n", "", F "RUN echo x\nENV A=2\n", "C",
     NULL, NULL},
    {"36 ENV of ARG", F "ARG V\nENV W=$V\nRUN echo x\n", "arg V=2", NULL, "R", NULL,
     ""},
    {"37 ARG as dest", F "ARG D=/x\nCOPY a.txt $D\n", "arg D=/y", NULL, "R", NULL,
     NULL},
    {"38 SHELL", F "SHELL [\"/bin/sh\",\"-c\"]\nRUN echo x\n", "",
     F "SHELL [\"/bin/sh\",\"-ec\"]\nRUN echo x\n", "R", NULL, NULL},
    {"39 SHELL default", F "RUN echo x\n", "",
     F "SHELL [\"/bin/sh\",\"-c\"]\nRUN echo x\n", "C", "R", "R"},
    {"40 exec form", F "RUN echo x\n", "", F "RUN [\"/bin/sh\",\"-c\",\"echo x\"]\n",
     "C", "C", "R"},
    {"41 USER", F "USER 0\nCOPY a.txt /a\nRUN echo x\n", "",
     F "USER 0:0\nCOPY a.txt /a\nRUN echo x\n", "CR", "RR", "RR"},
    {"42 WORKDIR", F "WORKDIR /w1\nCOPY a.txt .\nRUN echo x\n", "",
     F "WORKDIR /w2\nCOPY a.txt .\nRUN echo x\n", "RRR", NULL, NULL},
    {"43 WORKDIR twice", F "WORKDIR /w\nRUN echo x\n", "",
     F "WORKDIR /w\nWORKDIR /w\nRUN echo x\n", "CRR", NULL, NULL},
    {"44 WORKDIR /", F "RUN echo x\n", "", F "WORKDIR /\nRUN echo x\n", "C", "R", "R"},
    {"45 WORKDIR slash", F "WORKDIR /w\nRUN echo x\n", "",
     F "WORKDIR /w/\nRUN echo x\n", "CR", "RR", "RR"},
    {"46 config lines",
     F "EXPOSE 1\nVOLUME /v\nSTOPSIGNAL 9\nHEALTHCHECK CMD x\nENTRYPOINT a\nMAINTAINER "
       "a\n"
       "ONBUILD RUN a\nRUN echo x\n",
     "",
     F "EXPOSE 2\nVOLUME /u\nSTOPSIGNAL 15\nHEALTHCHECK CMD y\nENTRYPOINT "
       "b\nMAINTAINER b\n"
       "ONBUILD RUN b\nRUN echo x\n",
     "C", "R", "R"},
    {"47 file added", F "COPY d /d\n", "write d/new n", NULL, "R", NULL, NULL},
    {"47 folder added", F "COPY d /d\n", "mkdir d/empty", NULL, "R", NULL, NULL},
    {"48 rename inside", F "COPY d /d\n", "rename d/x d/xx", NULL, "R", NULL, NULL},
    {"48 move", F "COPY d /d\n", "rename d/x d/s/x", NULL, "R", NULL, NULL},
    {"48 swap", F "COPY d /d\n", "write d/x y;write d/y x", NULL, "R", NULL, NULL},
    {"48 file to folder", F "COPY d /d\n", "remove d/x;mkdir d/x", NULL, "R", NULL,
     NULL},
    {"49 touch all", F "COPY d /d\n", "touch d/x;touch d/y;touch d/s/z", NULL, "C",
     NULL, NULL},
    {"50 chmod d", F "COPY d /d\n", "chmod d 700", NULL, "R", "R", "C"},
    {"51 chmod d/s", F "COPY d /d\n", "chmod d/s 700", NULL, "R", NULL, NULL},
    {"52 rename d", F "COPY d /d\n", "rename d dd", F "COPY dd /d\n", "R", NULL, "C"},
    {"53 spelling", F "COPY d /d\nCOPY a.txt /a\n", "",
     F "COPY d/ /d\nCOPY [\"./a.txt\", \"/a\"]\n", "CC", NULL, NULL},
    {"54 dest slash", F "COPY d /d\n", "", F "COPY d /d/\n", "R", NULL, NULL},
    {"55 relative dest", F "WORKDIR /w\nCOPY a.txt /w/a\n", "",
     F "WORKDIR /w\nCOPY a.txt a\n", "CC", "CR", "CR"},
    {"56 same basename", F "COPY a.txt /a\n", "mkdir n;rename a.txt n/a.txt",
     F "COPY n/a.txt /a\n", "C", "R", "C"},
    {"57 other file", F "COPY *.txt /t/\n", "write a.md x", NULL, "C", NULL, NULL},
    {"57 match added", F "COPY *.txt /t/\n", "write c.txt x", NULL, "R", NULL, NULL},
    {"57 match renamed", F "COPY *.txt /t/\n", "rename a.txt c.txt", NULL, "R", NULL,
     NULL},
    {"58 explicit list", F "COPY *.txt /t/\n", "", F "COPY a.txt b.txt /t/\n", "R", "C",
     "C"},
    {"59 swapped", F "COPY a.txt b.txt /t/\n", "", F "COPY b.txt a.txt /t/\n", "R",
     NULL, NULL},
    {"59 split", F "COPY a.txt b.txt /t/\n", "", F "COPY a.txt /t/\nCOPY b.txt /t/\n",
     "RR", NULL, NULL},
    {"60 unrelated", P, "write other x", NULL, "CCCC", NULL, NULL},
    {"61 new file", F "COPY . /c\n", "write other x", NULL, "R", NULL, NULL},
    {"61 Dockerfile comment", F "COPY . /c\n", "", F "# c\nCOPY . /c\n", "R", NULL,
     NULL},
    {"61 ignore comment", F "COPY . /c\n", "write .dockerignore # c\n", NULL, "R", NULL,
     NULL},
    {"62 both ignored", F "COPY . /c\n",
     "write .dockerignore Dockerfile\n.dockerignore\n*.log\n;build;write x.log l",
     F "# c\nCOPY . /c\n", "C", NULL, NULL},
    {"63 rule outside", F "COPY d /d\n", "write .dockerignore a.txt\n", NULL, "C", NULL,
     NULL},
    {"63 rule inside", F "COPY d /d\n", "write .dockerignore d/x\n", NULL, "R", NULL,
     NULL},
    {"64 let back in", F "COPY d /d\n",
     "write .dockerignore d\n!d/x\n;build;write d/x X2", NULL, "R", NULL, ""},
    {"64 still out", F "COPY d /d\n",
     "write .dockerignore d\n!d/x\n;build;write d/y Y2", NULL, "C", NULL, ""},
    {"65 chown", F "COPY --chown=1:1 a.txt /a\n", "", F "COPY --chown=2:2 a.txt /a\n",
     "R", NULL, NULL},
    {"65 chown added", F "COPY a.txt /a\n", "", F "COPY --chown=0:0 a.txt /a\n", "R",
     "R", "C"},
    {"66 ADD", F "COPY a.txt /a\n", "", F "ADD a.txt /a\n", "R", NULL, NULL},
    {"67 link in folder", F "COPY d /d\n", "symlink d/k y", NULL, "R", NULL, NULL},
    {"68 link as source", F "COPY l /l\n", "write a2.txt a;symlink l a2.txt", NULL, "C",
     "R", "C"},
    {"73 ADD tar touched", F "ADD t.tar /t/\n", "tar t.tar 5;build;touch t.tar", NULL,
     "C", NULL, ""},
    {"73 ADD tar, time inside", F "ADD t.tar /t/\n", "tar t.tar 5;build;tar t.tar 6",
     NULL, "R", NULL, ""},
    {"75 equal output",
     "FROM busybox AS s\nCOPY a.txt /in\nRUN mkdir /o && echo k > /o/f\n" F
     "COPY --from=s /o/f /f\nRUN cat /f\n",
     "write a.txt AA", NULL, "RRCC", NULL, NULL},
    {"76 other output",
     "FROM busybox AS s\nCOPY a.txt /in\nRUN mkdir /o && cat /in > /o/f\n" F
     "COPY --from=s /o/f /f\nRUN cat /f\n",
     "write a.txt AA", NULL, "RRRR", NULL, NULL},
    {"77 other file",
     "FROM busybox AS s\nCOPY a.txt /in\nRUN cat /in > /g && echo k > /f\n" F
     "COPY --from=s /f /f\nRUN cat /f\n",
     "write a.txt AA", NULL, "RRCC", NULL, NULL},
    {"78 from root",
     "FROM busybox AS s\nCOPY a.txt /in\nRUN cat /in > /g\n" F
     "COPY --from=s / /all\nRUN cat /all/g\n",
     "write a.txt AA", NULL, "RRRR", NULL, NULL},
    {"79 reverted",
     "FROM busybox AS s\nCOPY a.txt /in\nRUN cat /in > /g\n" F
     "COPY --from=s /g /g\nRUN cat /g\n",
     "write a.txt AA;build;write a.txt a", NULL, "CCCC", NULL, NULL},
    {"80 stage renamed",
     "FROM busybox AS s\nRUN echo k > /f\n" F "COPY --from=s /f /f\n", "",
     "FROM busybox AS t\nRUN echo k > /f\n" F "COPY --from=t /f /f\n", "CC", NULL,
     NULL},
    {"80 by index", "FROM busybox AS s\nRUN echo k > /f\n" F "COPY --from=s /f /f\n",
     "", "FROM busybox\nRUN echo k > /f\n" F "COPY --from=0 /f /f\n", "CC", NULL, NULL},
    {"81 unused stage", "FROM busybox AS u\nCOPY a.txt /a\n" F "RUN echo x\n",
     "write a.txt AA", NULL, "C", "RC", "C"},
    {"82 RUN inserted", P, "",
     F "COPY a.txt /a\nRUN echo new\nRUN cat /a\nCOPY b.txt /b\nRUN cat /b\n", "CRRRR",
     NULL, NULL},
    {"83 RUN removed", F "COPY a.txt /a\nRUN echo x\nCOPY b.txt /b\n", "",
     F "COPY a.txt /a\nCOPY b.txt /b\n", "CR", NULL, NULL},
    {"83 COPY swapped", F "COPY a.txt /a\nCOPY b.txt /b\n", "",
     F "COPY b.txt /b\nCOPY a.txt /a\n", "RR", NULL, NULL},
    {"84 mainline", F "COPY a.txt /a\nRUN rm /a\nCOPY b.txt /b\nRUN cat /b\n",
     "write a.txt AA", NULL, "RRRR", NULL, NULL},
    {"85 no-cache", P, "no-cache", NULL, "RRRR", NULL, ""},
    {"85 then plain", P, "no-cache;build;cache", NULL, "CCCC", NULL, ""},
    {"86 failed step", F "RUN echo ok\nRUN false\n", "", F "RUN echo ok\nRUN true\n",
     "CR", NULL, ""},
    {"87 bind file", F "RUN --mount=type=bind,source=d,target=/m echo x\n",
     "write d/x X2", NULL, "R", "", ""},
    {"87 bind other", F "RUN --mount=type=bind,source=d,target=/m echo x\n",
     "write a.txt X2", NULL, "C", "", ""},
    {"87 bind stage",
     "FROM busybox AS s\nCOPY a.txt /in\nRUN mkdir /o && echo k > /o/f\n" F
     "RUN --mount=from=s,source=/o,target=/m echo x\n",
     "write a.txt AA", NULL, "RRC", "", ""},
    {"88 secret value", F "RUN --mount=type=secret,id=s,required cat /run/secrets/s\n",
     "secret one;build;secret two", NULL, "C", "", ""},
    {"88 secret id", F "RUN --mount=type=secret,id=s echo x\n", "",
     F "RUN --mount=type=secret,id=t echo x\n", "R", "", ""},
    {"88 required=false", F "RUN --mount=type=secret,id=s echo x\n", "",
     F "RUN --mount=type=secret,id=s,required=false echo x\n", "C", "", ""},
    {"89 host address", F "RUN echo x\n", "host h 10.0.0.1;build;host h 10.0.0.2", NULL,
     "C", "", ""},
    {"89 host name", F "RUN echo x\n", "host h 10.0.0.1;build;host g 10.0.0.1", NULL,
     "R", "", ""},
    {"89 host given", F "RUN echo x\n", "host h 10.0.0.1", NULL, "R", "", ""},
    {"90 cache mount", F "RUN echo x\n", "",
     F "RUN --mount=type=cache,target=/c echo x\n", "R", "", ""},
    {"90 its target", F "RUN --mount=type=cache,target=/c echo x\n", "",
     F "RUN --mount=type=cache,target=/d echo x\n", "R", "", ""},
    {"90 tmpfs", F "RUN echo x\n", "", F "RUN --mount=type=tmpfs,target=/c echo x\n",
     "R", "", ""},
    {"91 cache id", F "RUN --mount=type=cache,id=i1,target=/c echo x\n", "",
     F "RUN --mount=type=cache,id=i2,target=/c echo x\n", "C", "", ""},
    {"91 locked to private",
     F "RUN --mount=type=cache,sharing=locked,target=/c echo x\n", "",
     F "RUN --mount=type=cache,sharing=private,target=/c echo x\n", "C", "", ""},
    {"91 default to locked", F "RUN --mount=type=cache,target=/c echo x\n", "",
     F "RUN --mount=type=cache,sharing=locked,target=/c echo x\n", "R", "", ""},
    {"91 cache owner", F "RUN --mount=type=cache,uid=0,target=/c echo x\n", "",
     F "RUN --mount=type=cache,gid=0,mode=755,target=/c echo x\n", "C", "", ""},
    {"91 cache owner added", F "RUN --mount=type=cache,target=/c echo x\n", "",
     F "RUN --mount=type=cache,uid=0,target=/c echo x\n", "R", "", ""},
    {"91 cache from, other file", CACHE_FROM, "write b.txt BB", NULL, "CRC", "", ""},
    {"91 cache from, its file", CACHE_FROM, "write a.txt AA", NULL, "RRR", "", ""},
    {"91 cache from, owner", CACHE_FROM, "", CACHE_FROM_OWNED, "CCC", "", ""},
    {"91 mount order",
     F "RUN --mount=type=cache,target=/c --mount=type=tmpfs,target=/b echo x\n", "",
     F "RUN --mount=target=/b,type=tmpfs --mount=target=/c,type=cache echo x\n", "C",
     "", ""},
    {"92 network none", F "RUN echo x\n", "", F "RUN --network=none echo x\n", "R", "",
     ""},
    {"92 network default", F "RUN echo x\n", "", F "RUN --network=default echo x\n",
     "C", "", ""},
    {"93 delimiter", F "RUN <<A\necho x\nA\n", "", F "RUN <<\"B\"\necho x\nB\n", "C",
     "", ""},
    {"93 body comment", F "RUN <<A\necho x\nA\n", "", F "RUN <<A\n# c\necho x\nA\n",
     "R", "", ""},
    {"94 delimiter", F "COPY <<A /t/\nx\nA\n", "", F "COPY <<B /t/\nx\nB\n", "R", "",
     ""},
    {"94 expanded", F "ARG V=1\nCOPY <<A /t/\n$V\nA\n", "",
     F "ARG V=1\nCOPY <<A /t/\n1\nA\n", "C", "", ""},
    {"95 link", F "RUN echo x > /x\nCOPY --link a.txt /a\nRUN cat /a\n", "",
     F "RUN echo y > /x\nCOPY --link a.txt /a\nRUN cat /a\n", "RCR", "", ""},
    {"96 chmod keeps source", F "COPY --chmod=644 a.txt /a\n", "chmod a.txt 664", NULL,
     "R", "", ""},
    {"97 excluded", F "COPY --exclude=x d /d\n", "write d/x X2", NULL, "C", "", ""},
    {"97 all of a file", F "COPY --exclude=* a.txt /d/\n", "write a.txt X2", NULL, "C",
     "", ""},
    {"97 all of none", F "COPY --exclude=**/* a.txt /d/\n", "remove a.txt", NULL, "C",
     "", ""},
    {"97 all but", F "COPY --exclude=* --exclude=!a.txt a.txt /d/\n", "write a.txt X2",
     NULL, "C", "", ""},
    {"97 root again", F "COPY --exclude=* --exclude=!* a.txt /d/\n", "write a.txt X2",
     NULL, "R", "", ""},
    {"97 but below", F "COPY --exclude=* --exclude=!x d /d\n", "write d/x X2", NULL,
     "R", "", ""},
    {"97 but not below", F "COPY --exclude=* --exclude=!x d /d\n", "write d/y Y2", NULL,
     "C", "", ""},
    {"97 match gone", F "COPY --exclude=* */x a.txt /d/\n", "remove d/x", NULL, "C", "",
     ""},
    {"97 folder gone", F "COPY --exclude=* d /d\n", "remove d", NULL, "C", "", ""},
    {"97 its name", F "COPY --exclude=a* a.txt /d/\n", "write a.txt X2", NULL, "R", "",
     ""},
    {"97 other", F "COPY --exclude=x d /d\n", "write d/y Y2", NULL, "R", "", ""},
    {"98 epoch", F "RUN echo x\nCOPY a.txt /a\nWORKDIR /w\n", "epoch 5", NULL, "CCR",
     "", ""},
    {"99 named context", F "COPY --from=other o.txt /o\nRUN cat /o\n",
     "other o.txt o;build;write a.txt AA", NULL, "CC", "", ""},
    {"99 named context edited", F "COPY --from=other o.txt /o\nRUN cat /o\n",
     "other o.txt o;build;other o.txt O", NULL, "RR", "", ""},
};

/* ---- what a workspace cannot do: owners, extended attributes, hard links ---- */

static struct entry *find(struct tree *files, const char *path)
{
    return (struct entry *)(uintptr_t)tree_find(files, path);
}

static void set_owner(struct tree *files)
{
    find(files, "a.txt")->uid = 1000;
}

static void set_xattr(struct tree *files)
{
    static const struct xattr x = {"user.note", "n", 1};
    find(files, "a.txt")->xattrs = &x;
    find(files, "a.txt")->xattr_count = 1;
}

static void plain_twins(struct tree *files)
{
    find(files, "d/y")->size = find(files, "d/x")->size;
    find(files, "d/y")->digest = find(files, "d/x")->digest;
    find(files, "d/y")->content = find(files, "d/x")->content;
}

static void link_twins(struct tree *files)
{
    plain_twins(files);
    find(files, "d/y")->type = ENTRY_HARDLINK;
    find(files, "d/y")->target = find(files, "d/x")->path;
}

struct adjusted {
    const char *number, *dockerfile;
    void (*before)(struct tree *files);
    void (*after)(struct tree *files);
    const char *bk, *c, *h;
};
static const struct adjusted adjusted_rows[] = {
    {"69 hard link", F "COPY d /d\n", plain_twins, link_twins, "C", "R", "R"},
    {"70 xattr", F "COPY a.txt /a\n", NULL, set_xattr, "R", "C", "R"},
    /* The scan sets owners to 0 unless buildah's rules are asked for. */
    {"71 owner", F "COPY a.txt /a\n", NULL, set_owner, "R", "C", "R"},
};

/* ---- running a row ---- */

static const char *const files[] = {"a.txt=a", "b.txt=b", "d/x=x",   "d/y=y",
                                    "d/s/z=z", "d/k@x",   "l@a.txt", NULL};

static int take_bytes(void *payload, const void *data, size_t len, struct err *err)
{
    (void)err;
    buf_add(payload, data, len);
    return 0;
}

/* An archive of one file whose time is that of the text. */
static int write_archive(struct lab *lab, const char *path, const char *time,
                         struct err *err)
{
    struct entry e = {.path = "inside", .type = ENTRY_FILE, .mode = 0644};
    e.mtime_ns = strtoll(time, NULL, 10) * 1000000000;
    struct tree *tree = tree_new();
    struct buf bytes = BUF_INIT;
    struct tar_options options = TAR_OPTIONS_INIT;
    struct tar_result ignored;
    options.sink = take_bytes;
    options.sink_payload = &bytes;
    tree_add(tree, &e);
    int rc = tar_write(tree, &options, &ignored, err);
    if (rc == 0)
        rc = workspace_write(lab->ws, path, buf_str(&bytes), bytes.len, err);
    buf_free(&bytes);
    tree_free(tree);
    return rc;
}

/* What the build is given beside its context; false: another verb. */
static bool edit_options(struct lab *lab, const char *verb, const char *word,
                         const char *rest)
{
    if (strcmp(verb, "arg") == 0)
        strv_add(&lab->args, word);
    else if (strcmp(verb, "epoch") == 0)
        lab->source_date_epoch = 5;
    else if (strcmp(verb, "no-cache") == 0 || strcmp(verb, "cache") == 0)
        lab->no_cache = verb[0] == 'n';
    else if (strcmp(verb, "secret") == 0)
        lab->secret =
            (struct build_secret){"s", strcmp(word, "one") == 0 ? "one" : "two", 3};
    else if (strcmp(verb, "host") == 0)
        lab->host =
            (struct exec_host){strcmp(word, "h") == 0 ? "h" : "g",
                               strcmp(rest, "10.0.0.1") == 0 ? "10.0.0.1" : "10.0.0.2"};
    else
        return false;
    return true;
}

static void one_edit(struct lab *lab, char *words, const char *dockerfile)
{
    char *verb = strtok(words, " "), *path = strtok(NULL, " "),
         *rest = strtok(NULL, "");
    struct err err = ERR_INIT;
    int rc = 0;
    if (strcmp(verb, "write") == 0)
        rc = workspace_write(lab->ws, path, rest, strlen(rest), &err);
    else if (strcmp(verb, "touch") == 0)
        rc = workspace_touch(lab->ws, path, &err);
    else if (strcmp(verb, "chmod") == 0)
        rc = workspace_chmod(lab->ws, path, (uint32_t)strtoul(rest, NULL, 8), &err);
    else if (strcmp(verb, "rename") == 0)
        rc = workspace_rename(lab->ws, path, rest, &err);
    else if (strcmp(verb, "remove") == 0)
        rc = workspace_remove(lab->ws, path, &err);
    else if (strcmp(verb, "mkdir") == 0)
        rc = workspace_mkdir(lab->ws, path, &err);
    else if (strcmp(verb, "tar") == 0)
        rc = write_archive(lab, path, rest, &err);
    else if (strcmp(verb, "other") == 0) {
        if (lab->other == NULL)
            lab->other = workspace_new();
        rc = workspace_write(lab->other, path, rest, strlen(rest), &err);
    } else if (strcmp(verb, "symlink") == 0) {
        workspace_remove(lab->ws, path, NULL);
        rc = workspace_symlink(lab->ws, rest, path, &err);
    } else if (strcmp(verb, "build") == 0) {
        struct build_result result;
        rc = lab_build(lab, dockerfile, &result, &err);
        build_result_free(&result);
    } else if (!edit_options(lab, verb, path, rest)) {
        fail_msg("unknown edit %s", verb);
    }
    if (rc != 0)
        fail_msg("%s: %s", verb, err.msg);
}

static void apply(struct lab *lab, const char *edit, const char *dockerfile)
{
    AUTO_FREE char *copy = xstrdup(edit);
    for (char *at = copy; at != NULL && *at != '\0';) {
        char *next = strchr(at, ';');
        if (next != NULL)
            *next++ = '\0';
        one_edit(lab, at, dockerfile);
        at = next;
    }
}

/* 1 if the row fails; all rows are run before the test does. */
static unsigned expect(struct lab *lab, const char *number, const char *dockerfile,
                       const char *wanted)
{
    unsigned wrong = 0;
    struct build_result result;
    struct err err = ERR_INIT;
    char letters[64];
    if (lab_build(lab, dockerfile, &result, &err) != 0) {
        print_error("row %s: %s\n", number, err.msg);
        wrong = 1;
    }
    lab_letters(&result, letters);
    if (strcmp(letters, wanted) != 0) {
        print_error("row %s: %s, expected %s\n", number, letters, wanted);
        wrong = 1;
    }
    for (unsigned i = 0; i < result.step_count; i++)
        if ((result.steps[i].miss != NULL) != (result.steps[i].status == STEP_RAN)) {
            print_error("row %s: step %u: a cause without a run, or none with one\n",
                        number, i + 1);
            wrong = 1;
        }
    build_result_free(&result);
    return wrong;
}

static const char *letters_of(const char *bk, const char *c, const char *h,
                              enum semantics semantics)
{
    const char *own = semantics == SEMANTICS_CLASSIC   ? c
                      : semantics == SEMANTICS_BUILDAH ? h
                                                       : bk;
    return own != NULL ? own : bk;
}

static unsigned run_rows(enum semantics semantics)
{
    unsigned ran = 0, wrong = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        const char *wanted = letters_of(row->bk, row->c, row->h, semantics);
        struct lab lab;
        struct build_result first;
        if (wanted[0] == '\0')
            continue;
        lab_open(&lab, semantics);
        lab_files(&lab, files);
        lab_build(&lab, row->before, &first, NULL); /* row 86 fails on purpose */
        build_result_free(&first);
        apply(&lab, row->edit, row->before);
        wrong += expect(&lab, row->number,
                        row->after != NULL ? row->after : row->before, wanted);
        lab_close(&lab);
        ran++;
    }
    assert_int_equal(wrong, 0);
    return ran;
}

static void run_adjusted(enum semantics semantics)
{
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof adjusted_rows / sizeof *adjusted_rows; i++) {
        const struct adjusted *row = &adjusted_rows[i];
        struct lab lab;
        struct build_result first;
        struct err err = ERR_INIT;
        lab_open(&lab, semantics);
        lab_files(&lab, files);
        lab.adjust = row->before;
        if (lab_build(&lab, row->dockerfile, &first, &err) != 0)
            fail_msg("row %s: %s", row->number, err.msg);
        build_result_free(&first);
        lab.adjust = row->after;
        wrong += expect(&lab, row->number, row->dockerfile,
                        letters_of(row->bk, row->c, row->h, semantics));
        lab_close(&lab);
    }
    assert_int_equal(wrong, 0);
}

static void cache__buildkit__every_row(void **state)
{
    (void)state;
    assert_true(run_rows(SEMANTICS_BUILDKIT) > 99);
    run_adjusted(SEMANTICS_BUILDKIT);
}

static void cache__classic__every_row(void **state)
{
    (void)state;
    assert_true(run_rows(SEMANTICS_CLASSIC) > 70);
    run_adjusted(SEMANTICS_CLASSIC);
}

static void cache__buildah__every_row(void **state)
{
    (void)state;
    assert_true(run_rows(SEMANTICS_BUILDAH) > 70);
    run_adjusted(SEMANTICS_BUILDAH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cache__buildkit__every_row),
        cmocka_unit_test(cache__classic__every_row),
        cmocka_unit_test(cache__buildah__every_row),
    };
    return cmocka_run_group_tests_name("semantics", tests, NULL, NULL);
}
