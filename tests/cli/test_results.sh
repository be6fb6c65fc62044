# results.json against its schema, and two runs of the same scenarios against each other.
. "$TESTS/cli/lib.sh"
python=
for candidate in python3 /usr/bin/python3; do
    if [ -z "$python" ] && $candidate -c "import jsonschema" 2>/dev/null; then
        python=$candidate
    fi
done
last="import jsonschema"
check "$(yes_if test -n "$python")" "python3-jsonschema is there (./bootstrap check installs it)"

# What is wrong with a file by the schema, which must see that a status is none.
cat >valid.py <<'END'
import json, sys
from jsonschema import Draft202012Validator
schema, data = (json.load(open(name)) for name in sys.argv[1:3])
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
errors = [f"{list(e.absolute_path)}: {e.message[:200]}" for e in validator.iter_errors(data)]
data["scenarios"][0]["variants"][0]["builds"][0]["steps"][0]["status"] = "x"
if not list(validator.iter_errors(data)):
    errors.append("the schema is blind")
sys.exit("\n".join(errors[:9]) if errors else 0)
END
valid() { # FILE
    run "${python:-false}" valid.py "$TESTS/../reports/results.schema.json" "$1"
    exits 0
}
valid "$TESTS/golden/reports/results.json"
sb run --no-plots -q --runs 3 --jobs 1 "$TESTS/../scenarios/reorder.lua"
holds "several runs keep processor time" grep -q '"cpu": {' simbench-report/results.json
valid simbench-report/results.json

# All lessons, twice: whatever is written must be equal to the byte, but for wall times
# and the time of the run, which are taken out.
cat >plain.py <<'END'
import csv, json, re, sys
def unwall(x):
    if isinstance(x, dict):
        return {k: unwall(v) for k, v in x.items()
                if k not in ("wall", "wall_seconds", "started") and v != "wall_s"}
    return [unwall(v) for v in x] if isinstance(x, list) else x
name = sys.argv[1]
text = open(name, newline="").read()
if name.endswith(".json"):
    text = json.dumps(unwall(json.loads(text)), indent=1)
elif name.endswith(".csv"):
    rows = list(csv.reader(text.splitlines()))
    keep = [i for i, head in enumerate(rows[0]) if not head.startswith("wall_")]
    text = "\n".join(repr([row[i] for i in keep]) for row in rows)
else:
    text = re.sub(r"[0-9][0-9.]* (ns|µs|us|ms|s|min)\b", "TIME", text)
    text = re.sub(r' time="[0-9.e-]+"| *[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]+Z?', "", text)
    text = re.sub(r"[ ─-]+", " ", text)
print(text)
END
top=$PWD
lessons() { # RUN FORMAT
    mkdir -p "$top/$1"
    (cd "$TESTS/.." && "$SIMBENCH" run -q -o "$top/$1/report" --format "$2" scenarios/*.lua \
        >"$top/$1/out.$2" 2>"$top/$1/err.$2")
    code=$? last="run --format $2 of all lessons"
    exits 0
}
for format in json csv junit markdown table; do
    lessons one $format
    lessons two $format
    mv one/out.$format "one/report/out.$format"
    mv two/out.$format "two/report/out.$format"
done
valid one/report/results.json
sed -i 's,[^ ]*/one/report,REPORT,' one/report/out.*
sed -i 's,[^ ]*/two/report,REPORT,' two/report/out.*
(cd one/report && find . -type f | sort) >files.one
(cd two/report && find . -type f | sort) >files.two
holds "the same files" cmp files.one files.two
holds "plots, page, table and data" sh -c "grep -c . files.one | grep -q '[0-9][0-9]'"
while read -r file; do
    case $file in
    *.svg | *.png | *.gp | *.dat) cat "one/report/$file" >a && cat "two/report/$file" >b ;;
    *)
        $python plain.py "one/report/$file" >a 2>>errors
        $python plain.py "two/report/$file" >b 2>>errors
        ;;
    esac
    holds "$file is the same both times" cmp a b
    holds "$file has something in it" test -s a
done <files.one
