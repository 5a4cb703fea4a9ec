# The plain grader builds and copies as root. Its folder is on the disk where /etc is.
naive -run none "$1" >log
grep -qa '^[^ ]*:[!*][*]*:2' built-vault || exit 1
