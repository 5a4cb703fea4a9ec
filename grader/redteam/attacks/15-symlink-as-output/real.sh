# The plain grader copies what was built, as root, with a call that follows links.
naive -run none "$1" >log
grep -qa '^[^ ]*:[!*][*]*:2' built-vault || exit 1
