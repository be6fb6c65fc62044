# Contract section 5, to the letter.
. "$TESTS/cli/lib.sh"
tab=$(printf '\t')

mkdir none
sb check-ignore --context none a.log
exits 1
out_empty
err_empty

mkdir c
cat >c/.dockerignore <<'END'
# logs
*.log
!keep.log

  build/  
!build/out.txt
END
sb check-ignore --context c a.log keep.log src/a.log build build/x build/out.txt
exits 0
out_is "a.log
build
build/x"
err_empty
sb check-ignore -v --context c a.log keep.log src/a.log build/x build/out.txt
exits 0
out_is ".dockerignore:2:*.log${tab}a.log
.dockerignore:3:!keep.log${tab}keep.log
.dockerignore:5:build/${tab}build/x
.dockerignore:6:!build/out.txt${tab}build/out.txt"
sb check-ignore -v --context c keep.log src/a.log
exits 1
out_is ".dockerignore:3:!keep.log${tab}keep.log"
sb check-ignore --context c ./a.log /a.log a.log/ /build/ . src
exits 0
out_is "./a.log
/a.log
a.log/
/build/"
sb check-ignore --context c -- -x.log --y.log
exits 0
out_is "-x.log
--y.log"
sb check-ignore a.log --context=c b.txt
exits 0
out_is "a.log"
sb check-ignore --context c b.txt
exits 1
out_empty
err_empty

mkdir all
echo '*' >all/.dockerignore
sb check-ignore --context all . a
exits 0
out_is "a"
sb check-ignore --context all .
exits 1
out_empty

mkdir bad
printf 'ok\n[a\n' >bad/.dockerignore
sb check-ignore --context bad x
exits 2
out_empty
err_has ".dockerignore:2: "
printf '!\n' >bad/.dockerignore
sb check-ignore --context bad x
exits 2
err_has ".dockerignore:1: "

sb check-ignore a
exits 2
err_has "--context DIR is missing"
sb check-ignore --context c
exits 2
err_has "PATH... is missing"
sb check-ignore --context missing a
exits 2
err_has "missing"
sb check-ignore --context c/.dockerignore a
exits 2
