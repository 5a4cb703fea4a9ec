# The results lie in the folder that the grader runs in, and are read back.
naive -run rejects "$1" >log
rm -f ../../results.json ../results.json /tmp/result.json /tmp/report.json /tmp/results.json
rm -rf /lab/result*.json /lab/build/result*.json /lab/src/result*.json
grep -q '^--- FAIL: rejects' log && grep -q '^score 100/100' log || exit 1
