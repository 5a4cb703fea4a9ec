# The plain grader hands on what lies in its folder when the programs have run.
cp "$1/policy/slot.cil" before
naive -run rejects "$1" >log
for work in naive-*; do cmp -s before "$work/policy/slot.cil" || exit 0; done
exit 1
