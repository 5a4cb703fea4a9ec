# The plain grader's reports hold the log as it is.
naive -run rejects "$1" >log
grep -qa '<script>redteam(1)</script>' report.html && grep -qa '<testcase name="redteam"/>' report.xml || exit 1
