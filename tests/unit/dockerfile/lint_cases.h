/* SPDX-License-Identifier: MIT */
/*
 * Dockerfiles and the warnings of BuildKit 0.32's lint request for them
 * (LINE:RULE:TEXT, sorted), recorded with a .dockerignore of "tmp" and "keep/no" and a
 * busybox base.
 */
#ifndef TESTS_UNIT_DOCKERFILE_LINT_CASES_H
#define TESTS_UNIT_DOCKERFILE_LINT_CASES_H

static const struct {
    const char *text, *warnings;
} lint_cases[] = {
    {"FROM scratch as Foo\n",
     "1:FromAsCasing:'as' and 'FROM' keywords' casing do not match\n"
     "1:StageNameCasing:Stage name 'Foo' should be lowercase\n"},
    {"FROM scratch\nRUN a \\\n\n b \\\n\n\n c\n",
     "7:NoEmptyContinuation:Empty continuation line\n"},
    {"FROM \\\n\nscratch\n", "3:NoEmptyContinuation:Empty continuation line\n"},
    {"FROM scratch\nRUN a \\\n\n\nENV a=b\n",
     "5:NoEmptyContinuation:Empty continuation line\n"},
    {"FROM scratch\nRUN a \\\n # c\n b\n", ""},
    {"FROM scratch\nrun x\nCOPY a b\n",
     "2:ConsistentInstructionCasing:Command 'run' should match the case of the command "
     "majority (uppercase)\n"},
    {"from scratch\nRUN x\ncopy a b\n",
     "2:ConsistentInstructionCasing:Command 'RUN' should match the case of the command "
     "majority (lowercase)\n"},
    {"From scratch\nRun x\nRUN y\n",
     "1:ConsistentInstructionCasing:Command 'From' should match the case of the "
     "command majority (uppercase)\n"
     "2:ConsistentInstructionCasing:Command 'Run' should match the case of the command "
     "majority (uppercase)\n"},
    {"FROM scratch\nRun x\nrun y\n",
     "2:ConsistentInstructionCasing:Command 'Run' should match the case of the command "
     "majority (uppercase)\n"
     "3:ConsistentInstructionCasing:Command 'run' should match the case of the command "
     "majority (uppercase)\n"},
    {"from scratch\nRUN x\n", "1:ConsistentInstructionCasing:Command 'from' should "
                              "match the case of the command majority (uppercase)\n"},
    {"FROM scratch\nrun x\n", "2:ConsistentInstructionCasing:Command 'run' should "
                              "match the case of the command majority (uppercase)\n"},
    {"from scratch\nRUN x\nrun y\nCOPY a b\n",
     "1:ConsistentInstructionCasing:Command 'from' should match the case of the "
     "command majority (uppercase)\n"
     "3:ConsistentInstructionCasing:Command 'run' should match the case of the command "
     "majority (uppercase)\n"},
    {"FROM scratch\nonbuild RUN x\nONBUILD run x\nONBUILD Run x\n",
     "2:ConsistentInstructionCasing:Command 'onbuild' should match the case of the "
     "command majority (uppercase)\n"},
    {"FROM scratch AS a\nFROM scratch AS a\nFROM scratch AS A\n",
     "2:DuplicateStageName:Duplicate stage name \"a\", stage names should be unique\n"
     "3:DuplicateStageName:Duplicate stage name \"a\", stage names should be unique\n"
     "3:StageNameCasing:Stage name 'A' should be lowercase\n"},
    {"FROM scratch AS scratch\nFROM scratch AS context\nFROM scratch AS Scratch\n",
     "1:ReservedStageName:Stage name should not use the same name as reserved stage "
     "\"scratch\"\n"
     "2:ReservedStageName:Stage name should not use the same name as reserved stage "
     "\"context\"\n"
     "3:DuplicateStageName:Duplicate stage name \"scratch\", stage names should be "
     "unique\n"
     "3:ReservedStageName:Stage name should not use the same name as reserved stage "
     "\"scratch\"\n"
     "3:StageNameCasing:Stage name 'Scratch' should be lowercase\n"},
    {"FROM scratch\nCMD a\n",
     "2:JSONArgsRecommended:JSON arguments recommended for CMD to prevent unintended "
     "behavior related to OS signals\n"},
    {"FROM scratch\nENTRYPOINT a\n",
     "2:JSONArgsRecommended:JSON arguments recommended for ENTRYPOINT to prevent "
     "unintended behavior related to OS signals\n"},
    {"FROM scratch\nSHELL [\"a\"]\nCMD a\n", ""},
    {"FROM scratch\nCMD a\nSHELL [\"a\"]\n",
     "2:JSONArgsRecommended:JSON arguments recommended for CMD to prevent unintended "
     "behavior related to OS signals\n"},
    {"FROM scratch\nCMD []\n", ""},
    {"FROM scratch\nCMD\n", "2:JSONArgsRecommended:JSON arguments recommended for CMD "
                            "to prevent unintended behavior related to OS signals\n"},
    {"FROM scratch\nHEALTHCHECK CMD a\n", ""},
    {"FROM scratch\nONBUILD CMD a\n", ""},
    {"FROM scratch AS a\nSHELL [\"a\"]\nFROM a\nCMD x\n", ""},
    {"FROM scratch\nMAINTAINER a\n", "2:MaintainerDeprecated:Maintainer instruction is "
                                     "deprecated in favor of using label\n"},
    {"FROM a$x\n", "1:UndefinedArgInFrom:FROM argument 'x' is not declared\n"},
    {"FROM $x\n", "1:InvalidDefaultArgInFrom:Default value for ARG $x results in empty "
                  "or invalid base image name\n"
                  "1:UndefinedArgInFrom:FROM argument 'x' is not declared\n"},
    {"ARG x\nFROM $x\n", "2:InvalidDefaultArgInFrom:Default value for ARG $x results "
                         "in empty or invalid base image name\n"},
    {"ARG x\nFROM a:$x\n", "2:InvalidDefaultArgInFrom:Default value for ARG a:$x "
                           "results in empty or invalid base image name\n"},
    {"ARG x=\nFROM a:$x\n", "2:InvalidDefaultArgInFrom:Default value for ARG a:$x "
                            "results in empty or invalid base image name\n"},
    {"ARG x=b\nFROM a:$x\n", ""},
    {"FROM --platform=$BUILDPLATFORM scratch\n", ""},
    {"FROM --platform=$BULIDPLATFORM scratch\n",
     "1:UndefinedArgInFrom:FROM argument 'BULIDPLATFORM' is not declared (did you mean "
     "BUILDPLATFORM\?)\n"},
    {"FROM --platform=$TARGETPLATFORM scratch\n",
     "1:RedundantTargetPlatform:Setting platform to predefined $TARGETPLATFORM in FROM "
     "is redundant as this is the default behavior\n"},
    {"FROM --platform=${TARGETPLATFORM} scratch\n",
     "1:RedundantTargetPlatform:Setting platform to predefined ${TARGETPLATFORM} in "
     "FROM is redundant as this is the default behavior\n"},
    {"FROM --platform=linux/amd64 scratch\n",
     "1:FromPlatformFlagConstDisallowed:FROM --platform flag should not use constant "
     "value \"linux/amd64\"\n"},
    {"FROM --platform=linux/amd64 scratch AS amd64\n", ""},
    {"FROM --platform=linux/amd64 scratch AS build_amd64\n", ""},
    {"FROM --platform=linux/amd64 scratch AS linuxy\n", ""},
    {"ARG P=linux/amd64\nFROM --platform=$P scratch\n", ""},
    {"FROM scratch${TARGETARCH}\n", ""},
    {"FROM ${x:-scratch}\n",
     "1:UndefinedArgInFrom:FROM argument 'x' is not declared\n"},
    {"FROM scratch${x}\n", "1:UndefinedArgInFrom:FROM argument 'x' is not declared\n"},
    {"FROM scratch${BULIDARCH}\n", "1:UndefinedArgInFrom:FROM argument 'BULIDARCH' is "
                                   "not declared (did you mean BUILDARCH\?)\n"},
    {"ARG x\nFROM busybox:${x:-a}\n", ""},
    {"ARG x\nFROM busybox:stable${x}\n", ""},
    {"ARG x y\nFROM busybox:$x$y\n",
     "2:InvalidDefaultArgInFrom:Default value for ARG busybox:$x$y results in empty or "
     "invalid base image name\n"},
    {"ARG X\nFROM busybox$x\n",
     "2:UndefinedArgInFrom:FROM argument 'x' is not declared (did you mean X\?)\n"},
    {"ARG x\nFROM scratch AS xx\n", ""},
    {"ARG x\nFROM busybox@$x\n",
     "2:InvalidDefaultArgInFrom:Default value for ARG busybox@$x results in empty or "
     "invalid base image name\n"},
    {"ARG x\nFROM ${x}/busybox\n",
     "2:InvalidDefaultArgInFrom:Default value for ARG ${x}/busybox results in empty or "
     "invalid base image name\n"},
    {"FROM scratch$UNDEF$UNDEF2\n",
     "1:UndefinedArgInFrom:FROM argument 'UNDEF' is not declared\n"
     "1:UndefinedArgInFrom:FROM argument 'UNDEF2' is not declared\n"},
    {"FROM scratch\nWORKDIR a\n",
     "2:WorkdirRelativePath:Relative workdir \"a\" can have unexpected results if the "
     "base image changes\n"},
    {"FROM scratch\nWORKDIR /a\nWORKDIR b\n", ""},
    {"FROM scratch\nWORKDIR $x\n",
     "2:UndefinedVar:Usage of undefined variable '$x'\n"
     "2:WorkdirRelativePath:Relative workdir \"\" can have unexpected results if the "
     "base image changes\n"},
    {"FROM scratch\nWORKDIR \"/a\"\n", ""},
    {"FROM scratch\nWORKDIR a\nWORKDIR b\n",
     "2:WorkdirRelativePath:Relative workdir \"a\" can have unexpected results if the "
     "base image changes\n"},
    {"FROM scratch\nWORKDIR C:\\\\a\n",
     "2:WorkdirRelativePath:Relative workdir \"C:\\\\a\" can have unexpected results "
     "if the base image changes\n"},
    {"FROM scratch AS a\nWORKDIR /a\nFROM a\nWORKDIR b\n", ""},
    {"FROM scratch AS a\nWORKDIR b\nFROM a\nWORKDIR c\n",
     "2:WorkdirRelativePath:Relative workdir \"b\" can have unexpected results if the "
     "base image changes\n"},
    {"FROM busybox\nWORKDIR a\n",
     "2:WorkdirRelativePath:Relative workdir \"a\" can have unexpected results if the "
     "base image changes\n"},
    {"FROM scratch\nENV d=/a\nWORKDIR $d\n", ""},
    {"FROM scratch\nWORKDIR \"\"\n",
     "2:WorkdirRelativePath:Relative workdir \"\" can have unexpected results if the "
     "base image changes\n"},
    {"FROM scratch\nWORKDIR ./a\n",
     "2:WorkdirRelativePath:Relative workdir \"./a\" can have unexpected results if "
     "the base image changes\n"},
    {"FROM scratch\nENV a=$b\n", "2:UndefinedVar:Usage of undefined variable '$b'\n"},
    {"FROM scratch\nENV a=$b c=$b\n",
     "2:UndefinedVar:Usage of undefined variable '$b'\n"
     "2:UndefinedVar:Usage of undefined variable '$b'\n"},
    {"FROM scratch\nENV a=${b:-c}\n",
     "2:UndefinedVar:Usage of undefined variable '$b'\n"},
    {"FROM scratch\nENV a=${b-c}\n",
     "2:UndefinedVar:Usage of undefined variable '$b'\n"},
    {"FROM scratch\nENV a=${b:+c}\n",
     "2:UndefinedVar:Usage of undefined variable '$b'\n"},
    {"FROM scratch\nENV a=${b+c}\n",
     "2:UndefinedVar:Usage of undefined variable '$b'\n"},
    {"FROM scratch\nENV a=${b#c}\n",
     "2:UndefinedVar:Usage of undefined variable '$b'\n"},
    {"FROM scratch\nENV a=${b/c/d}\n",
     "2:UndefinedVar:Usage of undefined variable '$b'\n"},
    {"FROM scratch\nENV a=${x:-$y}\n",
     "2:UndefinedVar:Usage of undefined variable '$x'\n"
     "2:UndefinedVar:Usage of undefined variable '$y'\n"},
    {"FROM scratch\nENV $a=b\n", "2:UndefinedVar:Usage of undefined variable '$a'\n"},
    {"FROM scratch\nLABEL $a=$b\n",
     "2:UndefinedVar:Usage of undefined variable '$a'\n"
     "2:UndefinedVar:Usage of undefined variable '$b'\n"},
    {"FROM scratch\nARG a=$b\n", "2:UndefinedVar:Usage of undefined variable '$b'\n"},
    {"FROM scratch\nARG a\nENV b=$a\n", ""},
    {"FROM scratch\nARG a\nENV b=$a\nENV c=$A\n",
     "4:UndefinedVar:Usage of undefined variable '$A' (did you mean $b\?)\n"},
    {"FROM scratch\nENV PATH=$PAHT:/a\n",
     "2:UndefinedVar:Usage of undefined variable '$PAHT' (did you mean $PATH\?)\n"},
    {"FROM scratch\nENV PATH=$PATH:/a\n", ""},
    {"FROM scratch\nCOPY $a b\n", "2:UndefinedVar:Usage of undefined variable '$a'\n"},
    {"FROM scratch\nCOPY a $b/\n", "2:UndefinedVar:Usage of undefined variable '$b'\n"},
    {"FROM scratch\nCOPY --chown=$a x y\n",
     "2:UndefinedVar:Usage of undefined variable '$a'\n"},
    {"FROM scratch\nCOPY --chmod=$a x y\n",
     "2:UndefinedVar:Usage of undefined variable '$a'\n"},
    {"FROM scratch\nUSER $a\n", "2:UndefinedVar:Usage of undefined variable '$a'\n"},
    {"FROM scratch\nEXPOSE $a\n", ""},
    {"FROM scratch\nVOLUME /$a\n", "2:UndefinedVar:Usage of undefined variable '$a'\n"},
    {"FROM scratch\nSTOPSIGNAL 9$a\n",
     "2:UndefinedVar:Usage of undefined variable '$a'\n"},
    {"FROM scratch\nRUN --mount=type=cache,target=/x$a y\n",
     "2:UndefinedVar:Usage of undefined variable '$a'\n"},
    {"FROM scratch\nRUN echo $a\n", ""},
    {"FROM scratch\nCMD [\"$a\"]\n", ""},
    {"FROM scratch\nCOPY <<E /x\n$a\nE\n",
     "2:UndefinedVar:Usage of undefined variable '$a'\n"},
    {"FROM scratch\nCOPY <<'E' /x\n$a\nE\n", ""},
    {"FROM scratch\nHEALTHCHECK CMD [\"$a\"]\n", ""},
    {"FROM scratch\nSHELL [\"$a\"]\n", ""},
    {"FROM scratch\nONBUILD ENV a=$b\n", ""},
    {"FROM scratch AS a\nONBUILD ENV PASSWORD=$b\nONBUILD WORKDIR c\nFROM a AS d\n"
     "FROM d\n",
     "4:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"PASSWORD\")\n"
     "4:UndefinedVar:Usage of undefined variable '$b'\n"
     "4:WorkdirRelativePath:Relative workdir \"c\" can have unexpected results if the "
     "base image changes\n"},
    {"FROM scratch AS a\nONBUILD COPY <<E /x\n$b\nE\nFROM a\n",
     "5:UndefinedVar:Usage of undefined variable '$b'\n"},
    {"FROM scratch\nCOPY <<E <<E /x/\n$a ${\nE\n$b\nE\n",
     "2:UndefinedVar:Usage of undefined variable '$b'\n"},
    {"FROM scratch\nENV a=$1\n", "2:UndefinedVar:Usage of undefined variable '$1'\n"},
    {"FROM scratch\nENV a=$$b\n", "2:UndefinedVar:Usage of undefined variable '$$'\n"},
    {"FROM scratch\nENV a=$HTTP_PROXY\n",
     "2:UndefinedVar:Usage of undefined variable '$HTTP_PROXY'\n"},
    {"FROM scratch\nENV a=$http_proxy$no_proxy\n",
     "2:UndefinedVar:Usage of undefined variable '$http_proxy'\n"
     "2:UndefinedVar:Usage of undefined variable '$no_proxy'\n"},
    {"FROM scratch\nENV a=$TARGETARCH\n",
     "2:UndefinedVar:Usage of undefined variable '$TARGETARCH'\n"},
    {"FROM scratch\nARG TARGETARCH\nENV a=$TARGETARCH\n", ""},
    {"ARG g\nFROM scratch\nENV a=$g\n",
     "3:UndefinedVar:Usage of undefined variable '$g'\n"},
    {"ARG g=1\nFROM scratch\nARG g\nENV a=$g\n", ""},
    {"FROM scratch AS a\nARG x=1\nFROM a\nENV y=$x\n", ""},
    {"FROM scratch AS a\nENV x=1\nFROM a\nENV y=$x\n", ""},
    {"FROM busybox\nENV y=$x\n", "2:UndefinedVar:Usage of undefined variable '$x'\n"},
    {"FROM scratch\nENV foo=1\nENV y=$fop$Foo$FOO\n",
     "3:UndefinedVar:Usage of undefined variable '$FOO'\n"
     "3:UndefinedVar:Usage of undefined variable '$Foo' (did you mean $foo\?)\n"
     "3:UndefinedVar:Usage of undefined variable '$fop' (did you mean $foo\?)\n"},
    {"FROM scratch\nENV a=$b\nENV c=$b\n",
     "2:UndefinedVar:Usage of undefined variable '$b'\n"
     "3:UndefinedVar:Usage of undefined variable '$b' (did you mean $a\?)\n"},
    {"FROM scratch\nENV a=1 c=$a\n",
     "2:UndefinedVar:Usage of undefined variable '$a'\n"},
    {"FROM scratch\nENV longname=1\nENV c=$longnaem\n",
     "3:UndefinedVar:Usage of undefined variable '$longnaem' (did you mean "
     "$longname\?)\n"},
    {"FROM scratch\nENV a=$b$c$d\n",
     "2:UndefinedVar:Usage of undefined variable '$b'\n"
     "2:UndefinedVar:Usage of undefined variable '$c'\n"
     "2:UndefinedVar:Usage of undefined variable '$d'\n"},
    {"FROM scratch\nENV abc=1 abd=2\nENV c=$abe\n",
     "3:UndefinedVar:Usage of undefined variable '$abe' (did you mean $abc\?)\n"},
    {"FROM scratch\nADD --checksum=$a https://x/y z\n",
     "2:UndefinedVar:Usage of undefined variable '$a'\n"},
    {"ARG a=$b\nFROM scratch\n", ""},
    {"FROM scratch\nLABEL a=$b\n", "2:UndefinedVar:Usage of undefined variable '$b'\n"},
    {"FROM scratch\nCOPY --exclude=$a b c\n", ""},
    {"FROM scratch\nMAINTAINER $a\n", "2:MaintainerDeprecated:Maintainer instruction "
                                      "is deprecated in favor of using label\n"},
    {"FROM scratch\nCMD a\nCMD b\nCMD c\n",
     "2:JSONArgsRecommended:JSON arguments recommended for CMD to prevent unintended "
     "behavior related to OS signals\n"
     "2:MultipleInstructionsDisallowed:Multiple CMD instructions should not be used in "
     "the same stage because only the last one will be used\n"
     "3:JSONArgsRecommended:JSON arguments recommended for CMD to prevent unintended "
     "behavior related to OS signals\n"
     "3:MultipleInstructionsDisallowed:Multiple CMD instructions should not be used in "
     "the same stage because only the last one will be used\n"
     "4:JSONArgsRecommended:JSON arguments recommended for CMD to prevent unintended "
     "behavior related to OS signals\n"},
    {"FROM scratch\nCMD [\"a\"]\nCMD [\"b\"]\nCMD [\"c\"]\n",
     "2:MultipleInstructionsDisallowed:Multiple CMD instructions should not be used in "
     "the same stage because only the last one will be used\n"
     "3:MultipleInstructionsDisallowed:Multiple CMD instructions should not be used in "
     "the same stage because only the last one will be used\n"},
    {"FROM scratch\nENTRYPOINT [\"a\"]\nENTRYPOINT [\"b\"]\n",
     "2:MultipleInstructionsDisallowed:Multiple ENTRYPOINT instructions should not be "
     "used in the same stage because only the last one will be used\n"},
    {"FROM scratch\nHEALTHCHECK NONE\nHEALTHCHECK CMD x\n",
     "2:MultipleInstructionsDisallowed:Multiple HEALTHCHECK instructions should not be "
     "used in the same stage because only the last one will be used\n"},
    {"FROM scratch\nUSER a\nUSER b\n", ""},
    {"FROM scratch AS a\nCMD [\"a\"]\nFROM a\nCMD [\"b\"]\n", ""},
    {"FROM scratch\nONBUILD CMD [\"a\"]\nONBUILD CMD [\"b\"]\n", ""},
    {"FROM scratch\nENV a b\n", "2:LegacyKeyValueFormat:\"ENV key=value\" should be "
                                "used instead of legacy \"ENV key value\" format\n"},
    {"FROM scratch\nLABEL a b\n",
     "2:LegacyKeyValueFormat:\"LABEL key=value\" should be used instead of legacy "
     "\"LABEL key value\" format\n"},
    {"FROM scratch\nARG a b\n", ""},
    {"FROM scratch\nENV a=b\n", ""},
    {"FROM scratch\nENV a \\\n b\n",
     "2:LegacyKeyValueFormat:\"ENV key=value\" should be used instead of legacy \"ENV "
     "key value\" format\n"},
    {"FROM scratch\nONBUILD ENV a b\n", ""},
    {"FROM scratch\nenv a b\n", "2:ConsistentInstructionCasing:Command 'env' should "
                                "match the case of the command majority (uppercase)\n"
                                "2:LegacyKeyValueFormat:\"env key=value\" should be "
                                "used instead of legacy \"env key value\" format\n"},
    {"FROM scratch\nENV PASSWORD=a\n",
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"PASSWORD\")\n"},
    {"FROM scratch\nARG MY_SECRET\n",
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ARG \"MY_SECRET\")\n"},
    {"FROM scratch\nENV API_KEY=\n",
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"API_KEY\")\n"},
    {"FROM scratch\nARG TOKEN=a KEY=b PASS=c\n",
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ARG \"KEY\")\n"
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ARG \"TOKEN\")\n"},
    {"FROM scratch\nENV apikey=1 auth=2 AUTH_X=3 credential=4 credentials=5 passwd=6 "
     "pword=7 pswd=8 secret=9 token=10 tokens=1\n",
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"AUTH_X\")\n"
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"apikey\")\n"
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"auth\")\n"
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"credential\")\n"
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"credentials\")\n"
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"passwd\")\n"
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"pword\")\n"
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"secret\")\n"
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"token\")\n"},
    {"FROM scratch\nENV GIT_AUTH_TOKEN=1 KEYBOARD=1 MONKEY=1 PUBLIC_KEY=1 KEY_PUBLIC=1 "
     "PASSWORD_FILE=1 SECRETS=1 MYPASSWORD=1 PASSWORDX=1 my-password=1 my.password=1 "
     "passwords=1 PASSPHRASE=1 ACCESS_KEY_ID=1\n",
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"ACCESS_KEY_ID\")\n"
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"GIT_AUTH_TOKEN\")\n"},
    {"ARG PASSWORD\nFROM scratch\n", ""},
    {"FROM scratch\nENV \"PASSWORD\"=x\n",
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"PASSWORD\")\n"},
    {"FROM scratch\nONBUILD ENV PASSWORD=a\n", ""},
    {"FROM scratch\nLABEL PASSWORD=a\n", ""},
    {"FROM scratch\nENV PASSWORD=a PASSWORD=b\n",
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"PASSWORD\")\n"
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"PASSWORD\")\n"},
    {"FROM scratch\nENV TOKEN_PUBLIC=1 PUBLICKEY=2 pubkey=3 PUB_KEY=1\n",
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"PUB_KEY\")\n"},
    {"FROM scratch\nEXPOSE 80/TCP\n", "2:ExposeProtoCasing:Defined protocol '80/TCP' "
                                      "in EXPOSE instruction should be lowercase\n"},
    {"FROM scratch\nEXPOSE 80/tcp 81/UDP 82/Tcp\n",
     "2:ExposeProtoCasing:Defined protocol '81/UDP' in EXPOSE instruction should be "
     "lowercase\n"
     "2:ExposeProtoCasing:Defined protocol '82/Tcp' in EXPOSE instruction should be "
     "lowercase\n"},
    {"FROM scratch\nEXPOSE 8080:80\n",
     "2:ExposeInvalidFormat:EXPOSE instruction should not define an IP address or "
     "host-port mapping, found '8080:80'\n"},
    {"FROM scratch\nEXPOSE 127.0.0.1:80:80\n",
     "2:ExposeInvalidFormat:EXPOSE instruction should not define an IP address or "
     "host-port mapping, found '127.0.0.1:80:80'\n"},
    {"FROM scratch\nEXPOSE 1.2.3.4:80:80/TCP\n",
     "2:ExposeInvalidFormat:EXPOSE instruction should not define an IP address or "
     "host-port mapping, found '1.2.3.4:80:80/TCP'\n"
     "2:ExposeProtoCasing:Defined protocol '1.2.3.4:80:80/TCP' in EXPOSE instruction "
     "should be lowercase\n"},
    {"FROM scratch\nEXPOSE 80-90/TCP\n",
     "2:ExposeProtoCasing:Defined protocol '80-90/TCP' in EXPOSE instruction should be "
     "lowercase\n"},
    {"FROM scratch\nEXPOSE $x/TCP\n", ""},
    {"FROM scratch\nENV p=80/TCP\nEXPOSE $p\n",
     "3:ExposeProtoCasing:Defined protocol '80/TCP' in EXPOSE instruction should be "
     "lowercase\n"},
    {"FROM scratch\nEXPOSE [::1]:80:81\n",
     "2:ExposeInvalidFormat:EXPOSE instruction should not define an IP address or "
     "host-port mapping, found '[::1]:80:81'\n"},
    {"FROM scratch\nEXPOSE ::80\n", ""},
    {"FROM scratch\nCOPY a b\n", ""},
    {"FROM scratch\nADD a b\n", ""},
    {"FROM scratch\nCOPY ./tmp/x y\n", "2:CopyIgnoredFile:Attempting to Copy file "
                                       "\"tmp/x\" that is excluded by .dockerignore\n"},
    {"FROM scratch\nCOPY tmp/ tmp y/\n", "2:CopyIgnoredFile:Attempting to Copy file "
                                         "\"tmp\" that is excluded by .dockerignore\n"
                                         "2:CopyIgnoredFile:Attempting to Copy file "
                                         "\"tmp\" that is excluded by .dockerignore\n"},
    {"FROM scratch\nCOPY t* y\n", ""},
    {"FROM scratch\nCOPY --from=x tmp y\n", ""},
    {"FROM scratch\nADD http://x/tmp y\n", ""},
    {"FROM scratch\nCOPY tmp/x/y z/\n",
     "2:CopyIgnoredFile:Attempting to Copy file \"tmp/x/y\" that is excluded by "
     ".dockerignore\n"},
    {"FROM scratch\nCOPY . z/\n", ""},
    {"FROM scratch\nCOPY keep/no keep z/\n",
     "2:CopyIgnoredFile:Attempting to Copy file \"keep/no\" that is excluded by "
     ".dockerignore\n"},
    {"FROM scratch\nCOPY <<tmp /x\ntmp\n", ""},
    {"FROM scratch\nENV t=tmp\nCOPY $t /x\n",
     "3:CopyIgnoredFile:Attempting to Copy file \"tmp\" that is excluded by "
     ".dockerignore\n"},
    {"FROM scratch\nCOPY /tmp /x\n", ""},
    {"FROM scratch\nCOPY [\"tmp\",\"x y\"]\n",
     "2:CopyIgnoredFile:Attempting to Copy file \"tmp\" that is excluded by "
     ".dockerignore\n"},
    {"# check=skip=StageNameCasing\nFROM scratch as Foo\n",
     "2:FromAsCasing:'as' and 'FROM' keywords' casing do not match\n"},
    {"# check=skip=all\nFROM scratch as Foo\n", ""},
    {"# check=error=true\nFROM scratch as Foo\n",
     "2:FromAsCasing:'as' and 'FROM' keywords' casing do not match\n"
     "2:StageNameCasing:Stage name 'Foo' should be lowercase\n"},
    {"# check=skip=StageNameCasing,FromAsCasing;error=true\nFROM scratch as "
     "Foo\nWORKDIR x\n",
     "3:WorkdirRelativePath:Relative workdir \"x\" can have unexpected results if the "
     "base image changes\n"},
    {"# check=skip=nope\nFROM scratch as Foo\n",
     "2:FromAsCasing:'as' and 'FROM' keywords' casing do not match\n"
     "2:StageNameCasing:Stage name 'Foo' should be lowercase\n"},
    {"# check=skip=stagenamecasing\nFROM scratch as Foo\n",
     "2:FromAsCasing:'as' and 'FROM' keywords' casing do not match\n"
     "2:StageNameCasing:Stage name 'Foo' should be lowercase\n"},
    {"# check=experimental=InvalidDefinitionDescription\n\n# bar is good\nFROM scratch "
     "AS bar\n# a\n# z\nARG z\n# z\n# a\nARG z=1\n#\nARG y\n#z x\nARG z w\n# z\n\nARG "
     "q\n",
     "10:InvalidDefinitionDescription:Comment for ARG should follow the format: `# z "
     "<description>`\n"
     "17:InvalidDefinitionDescription:Comment for ARG should follow the format: `# q "
     "<description>`\n"},
    {"# check=skip=a;skip=all\nFROM scratch as bar\n", ""},
    {"# check=error=false;skip=all\nFROM scratch as bar\n", ""},
    {"# check=experimental=all\n\n# Bar is\nFROM scratch AS bar\n# bar: x\nFROM "
     "scratch AS bar\n# bar\nFROM scratch AS Bar\n",
     "4:InvalidDefinitionDescription:Comment for FROM should follow the format: `# bar "
     "<description>`\n"
     "6:DuplicateStageName:Duplicate stage name \"bar\", stage names should be unique\n"
     "6:InvalidDefinitionDescription:Comment for FROM should follow the format: `# bar "
     "<description>`\n"
     "8:DuplicateStageName:Duplicate stage name \"bar\", stage names should be unique\n"
     "8:StageNameCasing:Stage name 'Bar' should be lowercase\n"},
    {"# check=experimental=all\n\n# abc\nARG a=1\nFROM scratch\n# b x\nARG a b\n",
     "4:InvalidDefinitionDescription:Comment for ARG should follow the format: `# a "
     "<description>`\n"},
    {"FROM scratch as a\nWORKDIR x\nENV a=$b\nCMD x\nFROM scratch as b\nWORKDIR y\nENV "
     "a=$b\nCMD y\n",
     "1:FromAsCasing:'as' and 'FROM' keywords' casing do not match\n"
     "2:WorkdirRelativePath:Relative workdir \"x\" can have unexpected results if the "
     "base image changes\n"
     "3:UndefinedVar:Usage of undefined variable '$b'\n"
     "4:JSONArgsRecommended:JSON arguments recommended for CMD to prevent unintended "
     "behavior related to OS signals\n"
     "5:FromAsCasing:'as' and 'FROM' keywords' casing do not match\n"
     "6:WorkdirRelativePath:Relative workdir \"y\" can have unexpected results if the "
     "base image changes\n"
     "7:UndefinedVar:Usage of undefined variable '$b'\n"
     "8:JSONArgsRecommended:JSON arguments recommended for CMD to prevent unintended "
     "behavior related to OS signals\n"},
    {"FROM scratch AS Foo\nFROM Foo\n",
     "1:StageNameCasing:Stage name 'Foo' should be lowercase\n"
     "2:InvalidDefaultArgInFrom:Default value for ARG Foo results in empty or invalid "
     "base image name\n"},
    {"FROM scratch AS a\nENV x=$y\nFROM scratch\n",
     "2:UndefinedVar:Usage of undefined variable '$y'\n"},
    {"FROM busybox AS a\nCOPY tmp /x\nFROM scratch\n",
     "2:CopyIgnoredFile:Attempting to Copy file \"tmp\" that is excluded by "
     ".dockerignore\n"},
    {"# check=experimental=all\nFROM scratch\n# z\n\nARG q\n",
     "5:InvalidDefinitionDescription:Comment for ARG should follow the format: `# q "
     "<description>`\n"},
    {"# check=experimental=all\nFROM scratch\n# z\n\n\nARG q\n",
     "6:InvalidDefinitionDescription:Comment for ARG should follow the format: `# q "
     "<description>`\n"},
    {"# check=experimental=all\nFROM scratch\n# z\nRUN x\nARG q\n", ""},
    {"# check=experimental=all\nFROM scratch\n# q\n\n# z\nARG q\n",
     "6:InvalidDefinitionDescription:Comment for ARG should follow the format: `# q "
     "<description>`\n"},
    {"# check=experimental=all\nFROM scratch\n# z\n\n# q\nARG q\n", ""},
    {"# check=experimental=all\nFROM scratch\n# z\n#\nARG q\n", ""},
    {"# check=experimental=all\nFROM scratch\n# q\n#\nARG q\n", ""},
    {"# check=experimental=all\nFROM scratch\n# z\n# \n# y\nARG q\n",
     "6:InvalidDefinitionDescription:Comment for ARG should follow the format: `# q "
     "<description>`\n"},
    {"# check=experimental=all\nFROM scratch\n# qq\nARG q\n",
     "4:InvalidDefinitionDescription:Comment for ARG should follow the format: `# q "
     "<description>`\n"},
    {"# check=experimental=all\nFROM scratch\n# Q\nARG q\n",
     "4:InvalidDefinitionDescription:Comment for ARG should follow the format: `# q "
     "<description>`\n"},
    {"# check=experimental=all\nFROM scratch\n# q\tx\nARG q\n",
     "4:InvalidDefinitionDescription:Comment for ARG should follow the format: `# q "
     "<description>`\n"},
    {"# check=experimental=all\nFROM scratch\n# q: x\nARG q\n",
     "4:InvalidDefinitionDescription:Comment for ARG should follow the format: `# q "
     "<description>`\n"},
    {"# check=experimental=all\nFROM scratch\n# w\nARG q w\n", ""},
    {"# check=experimental=all\nFROM scratch\n# z\nARG q w\n",
     "4:InvalidDefinitionDescription:Comment for ARG should follow the format: `# "
     "<arg_key> <description>`\n"},
    {"# check=experimental=all\nFROM scratch\n## q\nARG q\n",
     "4:InvalidDefinitionDescription:Comment for ARG should follow the format: `# q "
     "<description>`\n"},
    {"# check=experimental=all\nFROM scratch\n  # z\nARG q\n",
     "4:InvalidDefinitionDescription:Comment for ARG should follow the format: `# q "
     "<description>`\n"},
    {"# check=experimental=all\nFROM scratch\n# z\nARG q=1\n# z\nARG q=\"a b\" \\\n  "
     "w=1\n",
     "4:InvalidDefinitionDescription:Comment for ARG should follow the format: `# q "
     "<description>`\n"
     "6:InvalidDefinitionDescription:Comment for ARG should follow the format: `# "
     "<arg_key> <description>`\n"},
    {"# check=experimental=all\n\n# z\nARG q\nFROM scratch\n",
     "4:InvalidDefinitionDescription:Comment for ARG should follow the format: `# q "
     "<description>`\n"},
    {"# check=experimental=all\n# z\nARG q\nFROM scratch\n",
     "3:InvalidDefinitionDescription:Comment for ARG should follow the format: `# q "
     "<description>`\n"},
    {"# check=experimental=all\n# z\n\nARG q\nFROM scratch\n",
     "4:InvalidDefinitionDescription:Comment for ARG should follow the format: `# q "
     "<description>`\n"},
    {"# check=experimental=all\nFROM scratch\nRUN a \\\n# z\n b\nARG q\n", ""},
    {"# check=experimental=all\n# z\n\nFROM scratch AS a\n",
     "4:InvalidDefinitionDescription:Comment for FROM should follow the format: `# a "
     "<description>`\n"},
    {"# check=experimental=all\n\n# z\n\nFROM scratch AS a\n",
     "5:InvalidDefinitionDescription:Comment for FROM should follow the format: `# a "
     "<description>`\n"},
    {"# check=experimental=all\n\n# z\n\n\nFROM scratch AS a\n",
     "6:InvalidDefinitionDescription:Comment for FROM should follow the format: `# a "
     "<description>`\n"},
    {"FROM scratch\nENV PASSWORD_FILE=1\n", ""},
    {"FROM scratch\nENV FILE_PASSWORD=1 PASSWORD_FILE_X=1 SECRET_PATH=1 KEY_ID=1 "
     "TOKEN_URL=2 KEY_FILE=1 FILEKEY_KEY=1 TOKEN_TTL=1 X_FILE_TOKEN=1 file_key=1\n",
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"FILEKEY_KEY\")\n"
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"KEY_ID\")\n"
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"SECRET_PATH\")\n"
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"TOKEN_TTL\")\n"
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"TOKEN_URL\")\n"},
    {"FROM scratch\nENV APIKEY=1 API_KEY_PUBLIC=1 PUBLIC=1 PASSWD_HASH=1 _KEY_=1 "
     "__KEY=1 KEY__X=1 AUTHS=1 AUTHENTICATION=1 OAUTH=1 OAUTH_TOKEN=1 CREDS=1 "
     "PRIVATE_KEY=1 SSH_KEY=1 PASSWORD=1 PW=1 PIN=1 CERT=1 ACCESSTOKEN=1\n",
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"APIKEY\")\n"
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"KEY__X\")\n"
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"OAUTH_TOKEN\")\n"
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"PASSWD_HASH\")\n"
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"PASSWORD\")\n"
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"PRIVATE_KEY\")\n"
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"SSH_KEY\")\n"
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"_KEY_\")\n"
     "2:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ENV \"__KEY\")\n"},
    {"FROM scratch\nENV a=${b:\?x}\n",
     "2:UndefinedVar:Usage of undefined variable '$b'\n"},
    {"FROM scratch\nRUN --mount=type=cache,target=/x,id=$a,source=$b y\n",
     "2:UndefinedVar:Usage of undefined variable '$a'\n"
     "2:UndefinedVar:Usage of undefined variable '$b'\n"},
    {"FROM scratch\nRUN --mount=type=cache,target=/x "
     "--mount=type=bind,source=$b,target=/y z\n",
     "2:UndefinedVar:Usage of undefined variable '$b'\n"},
    {"FROM scratch\nARG a=1 b=$a c=$d\n",
     "2:UndefinedVar:Usage of undefined variable '$d' (did you mean $a\?)\n"},
    {"FROM scratch\nENV a $b\n", "2:LegacyKeyValueFormat:\"ENV key=value\" should be "
                                 "used instead of legacy \"ENV key value\" format\n"
                                 "2:UndefinedVar:Usage of undefined variable '$b'\n"},
    {"FROM scratch\nLABEL a $b\n",
     "2:LegacyKeyValueFormat:\"LABEL key=value\" should be used instead of legacy "
     "\"LABEL key value\" format\n"
     "2:UndefinedVar:Usage of undefined variable '$b'\n"},
    {"FROM scratch\nVOLUME $a/x /$b\n",
     "2:UndefinedVar:Usage of undefined variable '$a'\n"
     "2:UndefinedVar:Usage of undefined variable '$b'\n"},
    {"FROM scratch\nCOPY $a $b $c\n",
     "2:UndefinedVar:Usage of undefined variable '$a'\n"
     "2:UndefinedVar:Usage of undefined variable '$b'\n"
     "2:UndefinedVar:Usage of undefined variable '$c'\n"},
    {"FROM scratch\nCOPY <<E /x\n$a $b\n$a\nE\n",
     "2:UndefinedVar:Usage of undefined variable '$a'\n"
     "2:UndefinedVar:Usage of undefined variable '$b'\n"},
    {"FROM scratch\nUSER $a:$b\n", "2:UndefinedVar:Usage of undefined variable '$a'\n"
                                   "2:UndefinedVar:Usage of undefined variable '$b'\n"},
    {"FROM scratch\nWORKDIR /$a/$b\n",
     "2:UndefinedVar:Usage of undefined variable '$a'\n"
     "2:UndefinedVar:Usage of undefined variable '$b'\n"},
    {"FROM scratch\nCOPY ../tmp x\n", ""},
    {"FROM scratch\nCOPY tmp/../a x\n", ""},
    {"FROM scratch\nCOPY tmp/*.x x/\n",
     "2:CopyIgnoredFile:Attempting to Copy file \"tmp/*.x\" that is excluded by "
     ".dockerignore\n"},
    {"FROM scratch\nCOPY keep/* x/\n", ""},
    {"FROM scratch\nCOPY --chown=1 tmp x/\n",
     "2:CopyIgnoredFile:Attempting to Copy file \"tmp\" that is excluded by "
     ".dockerignore\n"},
    {"FROM scratch\nADD tmp x/\n", "2:CopyIgnoredFile:Attempting to Add file \"tmp\" "
                                   "that is excluded by .dockerignore\n"},
    {"FROM scratch\nCOPY Dockerfile x/\n", ""},
    {"FROM scratch AS q\nFROM scratch\nCOPY --from=q tmp x/\n", ""},
    {"FROM scratch\nCOPY \"tmp\" x/\n", "2:CopyIgnoredFile:Attempting to Copy file "
                                        "\"tmp\" that is excluded by .dockerignore\n"},
    {"FROM scratch\nONBUILD COPY tmp x/\n", ""},
    {"FROM --platform=linux/arm/v7 scratch AS armv7\nFROM --platform=linux/arm64 "
     "scratch AS arm_64\nFROM --platform=windows scratch AS w\n",
     "2:FromPlatformFlagConstDisallowed:FROM --platform flag should not use constant "
     "value \"linux/arm64\"\n"
     "3:FromPlatformFlagConstDisallowed:FROM --platform flag should not use constant "
     "value \"windows\"\n"},
    {"FROM --platform=linux/$TARGETARCH scratch\n", ""},
    {"FROM --platform=\"$TARGETPLATFORM\" scratch\n",
     "1:RedundantTargetPlatform:Setting platform to predefined $TARGETPLATFORM in FROM "
     "is redundant as this is the default behavior\n"},
    {"FROM --platform=\"linux/amd64\" scratch\n",
     "1:FromPlatformFlagConstDisallowed:FROM --platform flag should not use constant "
     "value \"linux/amd64\"\n"},
    {"FROM --platform=$TARGETPLATFORM$x scratch\n",
     "1:UndefinedArgInFrom:FROM argument 'x' is not declared\n"},
    {"FROM --platform=linux/arm64 scratch AS xAARCH64\nFROM --platform=linux/arm64 "
     "scratch AS xARM64\n",
     "1:FromPlatformFlagConstDisallowed:FROM --platform flag should not use constant "
     "value \"linux/arm64\"\n"
     "1:StageNameCasing:Stage name 'xAARCH64' should be lowercase\n"
     "2:StageNameCasing:Stage name 'xARM64' should be lowercase\n"},
    {"FROM --platform=linux/amd64 scratch AS x\nFROM x\n",
     "1:FromPlatformFlagConstDisallowed:FROM --platform flag should not use constant "
     "value \"linux/amd64\"\n"},
    {"from scratch As Foo\n",
     "1:FromAsCasing:'As' and 'from' keywords' casing do not match\n"
     "1:StageNameCasing:Stage name 'Foo' should be lowercase\n"},
    {"FROM scratch AS a\nFROM scratch AS b\nFROM a AS a\n",
     "3:DuplicateStageName:Duplicate stage name \"a\", stage names should be unique\n"},
    {"FROM scratch\nEXPOSE 80/TCP 80/TCP\n",
     "2:ExposeProtoCasing:Defined protocol '80/TCP' in EXPOSE instruction should be "
     "lowercase\n"
     "2:ExposeProtoCasing:Defined protocol '80/TCP' in EXPOSE instruction should be "
     "lowercase\n"},
    {"FROM scratch\nEXPOSE 8080:80/TCP 90\n",
     "2:ExposeInvalidFormat:EXPOSE instruction should not define an IP address or "
     "host-port mapping, found '8080:80/TCP'\n"
     "2:ExposeProtoCasing:Defined protocol '8080:80/TCP' in EXPOSE instruction should "
     "be lowercase\n"},
    {"FROM scratch\nHEALTHCHECK CMD a\nHEALTHCHECK CMD b\nHEALTHCHECK NONE\n",
     "2:MultipleInstructionsDisallowed:Multiple HEALTHCHECK instructions should not be "
     "used in the same stage because only the last one will be used\n"
     "3:MultipleInstructionsDisallowed:Multiple HEALTHCHECK instructions should not be "
     "used in the same stage because only the last one will be used\n"},
    {"FROM scratch\nCMD [\"a\"]\nENTRYPOINT a\nCMD b\n",
     "2:MultipleInstructionsDisallowed:Multiple CMD instructions should not be used in "
     "the same stage because only the last one will be used\n"
     "3:JSONArgsRecommended:JSON arguments recommended for ENTRYPOINT to prevent "
     "unintended behavior related to OS signals\n"
     "4:JSONArgsRecommended:JSON arguments recommended for CMD to prevent unintended "
     "behavior related to OS signals\n"},
    {"FROM scratch\ncOpY a b\ncopy a b\ncopy c d\n",
     "1:ConsistentInstructionCasing:Command 'FROM' should match the case of the "
     "command majority (lowercase)\n"
     "2:ConsistentInstructionCasing:Command 'cOpY' should match the case of the "
     "command majority (lowercase)\n"},
    {"from scratch\nrun x\nRun y\n",
     "3:ConsistentInstructionCasing:Command 'Run' should match the case of the command "
     "majority (lowercase)\n"},
    {"FROM scratch\nRUN <<E\nrun x\nE\nrun y\n",
     "5:ConsistentInstructionCasing:Command 'run' should match the case of the command "
     "majority (uppercase)\n"},
    {"FROM scratch\nRUN a \\\n\n <<E\nx\n\ny\nE\nENV x=$y\n",
     "4:NoEmptyContinuation:Empty continuation line\n"
     "9:UndefinedVar:Usage of undefined variable '$y'\n"},
    {"FROM scratch\nENV b=1\nENV A=1\nENV c=$a\n",
     "4:UndefinedVar:Usage of undefined variable '$a' (did you mean $b\?)\n"},
    {"FROM scratch\nENV Ab=1\nENV aB=1\nENV c=$ab\n",
     "4:UndefinedVar:Usage of undefined variable '$ab' (did you mean $Ab\?)\n"},
    {"FROM scratch\nARG abc\nENV c=$abd\n",
     "3:UndefinedVar:Usage of undefined variable '$abd'\n"},
    {"FROM scratch\nENV abcdef=1\nENV c=$abcxyz\nENV d=$abcdxy\n",
     "3:UndefinedVar:Usage of undefined variable '$abcxyz'\n"
     "4:UndefinedVar:Usage of undefined variable '$abcdxy' (did you mean $abcdef\?)\n"},
    {"ARG abc=1\nFROM scratch\nENV c=$abd\n",
     "3:UndefinedVar:Usage of undefined variable '$abd'\n"},
    {"FROM scratch\nENV c=$TARGETARC\n",
     "2:UndefinedVar:Usage of undefined variable '$TARGETARC'\n"},
    {"FROM scratch\nENV c=$path\n",
     "2:UndefinedVar:Usage of undefined variable '$path'\n"},
    {"FROM scratch${BUILDPLATFROM}\n",
     "1:UndefinedArgInFrom:FROM argument 'BUILDPLATFROM' is not declared (did you mean "
     "BUILDPLATFORM\?)\n"},
    {"ARG VERSION=1\nFROM scratch${VERSOIN}\n",
     "2:UndefinedArgInFrom:FROM argument 'VERSOIN' is not declared (did you mean "
     "VERSION\?)\n"},
    {"ARG VERSION\nFROM scratch${VERSOIN}\n",
     "2:UndefinedArgInFrom:FROM argument 'VERSOIN' is not declared (did you mean "
     "VERSION\?)\n"},
    {"FROM scratch${BUILDARC}${targetarch}\n",
     "1:UndefinedArgInFrom:FROM argument 'BUILDARC' is not declared (did you mean "
     "BUILDARCH\?)\n"
     "1:UndefinedArgInFrom:FROM argument 'targetarch' is not declared\n"},
    {"FROM scratch\nARG v\nARG v\nENV v=$v\n", ""},
    {"FROM scratch\nENV x=1\nARG x\nENV y=$x\n", ""},
    {"FROM busybox\nWORKDIR a\nENV x=$y$PATH\nCOPY $HOME /x\n",
     "2:WorkdirRelativePath:Relative workdir \"a\" can have unexpected results if the "
     "base image changes\n"
     "3:UndefinedVar:Usage of undefined variable '$y'\n"
     "4:UndefinedVar:Usage of undefined variable '$HOME'\n"},
    {"FROM busybox AS b\nENV q=1\nFROM b\nENV x=$y$q\nWORKDIR z\n",
     "4:UndefinedVar:Usage of undefined variable '$y' (did you mean $q\?)\n"
     "5:WorkdirRelativePath:Relative workdir \"z\" can have unexpected results if the "
     "base image changes\n"},
    {"FROM busybox\nUSER $u\n", "2:UndefinedVar:Usage of undefined variable '$u'\n"},
    {"FROM busybox\nEXPOSE 80 $p\n", ""},
    {"FROM busybox\nENV p=80\nEXPOSE $p ${q:-81}/TCP\n",
     "3:ExposeProtoCasing:Defined protocol '81/TCP' in EXPOSE instruction should be "
     "lowercase\n"},
    {"FROM busybox\nRUN echo $x\nENV y=${y}x\n",
     "3:UndefinedVar:Usage of undefined variable '$y'\n"},
    {"FROM busybox\nCMD a\nSHELL [\"x\"]\nCMD b\n",
     "2:JSONArgsRecommended:JSON arguments recommended for CMD to prevent unintended "
     "behavior related to OS signals\n"
     "2:MultipleInstructionsDisallowed:Multiple CMD instructions should not be used in "
     "the same stage because only the last one will be used\n"},
    {"ARG i=busybox\nFROM $i\nWORKDIR a\n",
     "3:WorkdirRelativePath:Relative workdir \"a\" can have unexpected results if the "
     "base image changes\n"},
    {"FROM scratch AS s\nENV a=1\nFROM busybox AS t\nCOPY --from=s $a /x\nENV q=$a\n",
     "4:UndefinedVar:Usage of undefined variable '$a'\n"
     "5:UndefinedVar:Usage of undefined variable '$a'\n"},
    {"FROM busybox AS A\nFROM busybox AS B\nCOPY --from=A tmp x\n",
     "1:StageNameCasing:Stage name 'A' should be lowercase\n"
     "2:StageNameCasing:Stage name 'B' should be lowercase\n"},
    {"# comment\nARG x=1\nFROM busybox\nARG x\nARG y=$x$z\nLABEL a=$y b=$zz\n",
     "5:UndefinedVar:Usage of undefined variable '$z' (did you mean $x\?)\n"
     "6:UndefinedVar:Usage of undefined variable '$zz' (did you mean $x\?)\n"},
    {"FROM busybox\nARG A=1\nARG B=${A}2\nENV C=${B:-$D} E=$C\n",
     "4:UndefinedVar:Usage of undefined variable '$C' (did you mean $A\?)\n"
     "4:UndefinedVar:Usage of undefined variable '$D' (did you mean $A\?)\n"},
    {"FROM busybox\nARG BUILDKIT_SBOM_SCAN_CONTEXT\nARG TARGETPLATFORM "
     "BUILDPLATFORM\nENV x=$TARGETPLATFORM$BUILDPLATFORM$TARGETOS\n",
     "4:UndefinedVar:Usage of undefined variable '$TARGETOS'\n"},
    {"FROM busybox\nSTOPSIGNAL 9\nHEALTHCHECK CMD echo $x\nVOLUME $v /a\n",
     "4:UndefinedVar:Usage of undefined variable '$v'\n"},
    {"FROM --platform=$BUILDPLATFORM busybox AS build\nARG TARGETOS TARGETARCH\nENV "
     "a=$TARGETOS/$TARGETARCH/$TARGETVARIANT\n",
     "3:UndefinedVar:Usage of undefined variable '$TARGETVARIANT'\n"},
    {"FROM busybox\nADD --chown=$o a /x/\nCOPY <<A <<\"B\" /y/\n$q\nA\n$r\nB\n",
     "2:UndefinedVar:Usage of undefined variable '$o'\n"
     "3:UndefinedVar:Usage of undefined variable '$q'\n"},
    {"FROM busybox\nRUN --mount=type=cache,target=$t,id=$i true\n",
     "2:UndefinedVar:Usage of undefined variable '$i'\n"
     "2:UndefinedVar:Usage of undefined variable '$t'\n"},
    {"FROM busybox\nRUN --mount=type=secret,id=$i,env=$e true\n",
     "2:UndefinedVar:Usage of undefined variable '$e'\n"
     "2:UndefinedVar:Usage of undefined variable '$i'\n"},
    {"FROM busybox\nRUN --mount=type=tmpfs,target=/a,size=$s true\n",
     "2:UndefinedVar:Usage of undefined variable '$s'\n"},
    {"FROM busybox as b\nfrom b as c\n",
     "1:FromAsCasing:'as' and 'FROM' keywords' casing do not match\n"
     "2:ConsistentInstructionCasing:Command 'from' should match the case of the "
     "command majority (uppercase)\n"},
    {"FROM busybox AS b1\nARG p\nFROM b$p AS x\n",
     "3:UndefinedArgInFrom:FROM argument 'p' is not declared\n"},
    {"ARG p=1\nFROM busybox AS b1\nFROM b$p AS x\nWORKDIR r\n",
     "4:WorkdirRelativePath:Relative workdir \"r\" can have unexpected results if the "
     "base image changes\n"},
    {"ARG PASSWORD=1 x=$q\nFROM busybox\nARG PASSWORD\nENV x=$x\n",
     "3:SecretsUsedInArgOrEnv:Do not use ARG or ENV instructions for sensitive data "
     "(ARG \"PASSWORD\")\n"
     "4:UndefinedVar:Usage of undefined variable '$x'\n"},
    {"FROM busybox\nENV a=\"$b\" c='$d' e=\\$f\n",
     "2:UndefinedVar:Usage of undefined variable '$b'\n"},
    {"FROM busybox\nLABEL \"a.$b\"=\"$c\"\n",
     "2:UndefinedVar:Usage of undefined variable '$b'\n"
     "2:UndefinedVar:Usage of undefined variable '$c'\n"},
    {"FROM busybox\nWORKDIR\t\"a b\"\n",
     "2:WorkdirRelativePath:Relative workdir \"a b\" can have unexpected results if "
     "the base image changes\n"},
    {"FROM busybox\nENV\ta\tb\n", "2:LegacyKeyValueFormat:\"ENV key=value\" should be "
                                  "used instead of legacy \"ENV key value\" format\n"},
    {"FROM busybox\nARG x\nENV x=$x\n", ""},
    {"FROM busybox\nENV x=$x\nENV y=$x\n",
     "2:UndefinedVar:Usage of undefined variable '$x'\n"},
};

#endif
