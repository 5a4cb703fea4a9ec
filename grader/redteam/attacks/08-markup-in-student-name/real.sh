# The plain grader's reports hold the submission's name as it is. The innocent
# one has an innocent name.
name='=HYPERLINK(1,2)<img src=x onerror=redteam(5)>'
[ "$(basename "$PWD")" = attack ] || name=ann
mv "$1" "$name"
naive -run rejects "./$name" >log
grep -q '^=HYPERLINK' grades.csv && grep -q '<img src=x onerror=redteam(5)>' report.html || exit 1
