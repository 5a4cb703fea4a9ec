# A plain grader compiles the rules with a make target, and its log is the report.
mv "$1/Makefile" "$1/Makefile.given"
cat >"$1/Makefile" <<'EOM'
include Makefile.given
vault: rules
rules:
	secilc -o /dev/null -f /dev/null policy/slot.cil || { cat policy/slot.cil; false; }
EOM
naive -run rejects "$1" >log 2>&1
grep -q '<script>redteam' report.html || exit 1
