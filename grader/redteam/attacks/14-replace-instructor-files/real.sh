# The plain grader hands its tests out with the starter, and takes those that come back.
naive "$1" >log
grep -q '^score 100/100' log && grep -q '^# brought along' log || exit 1
