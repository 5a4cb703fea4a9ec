# Whatever the submission's rules say is compiled without neverallow and loaded, and the kernel is asked what it would do.
cat /sys/fs/selinux/policy >old.policy
cat >lab.cil <<'EOF'
(type ipclab_vault_teller_t)
(type ipclab_vault_guard_t)
(typeattributeset ipclab_subject (ipclab_vault_teller_t ipclab_vault_guard_t))
(type ipclab_vault_dir_t)
(type ipclab_vault_slot_t)
(typeattributeset ipclab_object (ipclab_vault_dir_t ipclab_vault_slot_t))
EOF
secilc -N -M 1 -c 33 -o new.policy -f /dev/null /usr/lib/ipclab/flat.cil /usr/lib/ipclab/ipclab.cil lab.cil "$1/policy/slot.cil"
dd if=new.policy of=/sys/fs/selinux/load bs=16M 2>/dev/null
cat >ask.pl <<'EOF'
# ask SOURCE TARGET CLASS PERM: is it allowed, is a denial recorded, is the source permissive?
my ($s, $t, $c, $p) = @ARGV;
my $at = "/sys/fs/selinux/class/$c";
my $n = sub { open(my $f, "<", $_[0]) or die; my $x = <$f>; $x + 0 };
my $bit = 1 << ($n->("$at/perms/$p") - 1);
open(my $f, "+<", "/sys/fs/selinux/access") or die;
syswrite($f, "system_u:system_r:$s:s0 system_u:" . ($t =~ /_(slot|dir)_t|security_t/ ? "object_r" : "system_r") . ":$t:s0 " . $n->("$at/index")) or die $!;
sysread($f, my $answer, 4096);
my ($allowed, undef, undef, $audited, undef, $flags) = split / /, $answer;
print hex($allowed) & $bit ? "allowed" : "denied", " ", hex($audited) & $bit ? "recorded" : "silent", " ", hex($flags) & 1 ? "permissive" : "enforcing", "\n";
EOF
said=$(perl ask.pl ipclab_vault_guard_t ipclab_vault_slot_t fifo_file write)
dd if=old.policy of=/sys/fs/selinux/load bs=16M 2>/dev/null
test "${said%% *}" = allowed || exit 1
