# The compiler's messages come into the reports as they are.
naive -run rejects "$1" >log
grep -q '<img src=x onerror=redteam(4)>' report.html || exit 1
