# Outside of the teller's domain. What is traced shows that no open system call names the slot.
make -s -C "$1" || exit 1
echo 1 | timeout 2 strace -f -o calls -e trace=openat,openat2 "$1/vault" "$PWD/slot" 2>said || true
grep -q '^LOOT' said || exit 1
! grep -q 'slot' calls || exit 1
