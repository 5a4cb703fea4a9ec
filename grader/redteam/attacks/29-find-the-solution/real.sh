# The reference solution lies where the build can read it, as in an image that was made for everything at once.
mkdir -p /srv/course/solution
cat >/srv/course/solution/vault.c <<'EOF'
#include <stdio.h>
#include <sys/stat.h>
/* of the instructor */
static int open_slot(const char *path)
{
	fprintf(stderr, "the instructor's program\n");
	return mkfifo(path, 0660);
}
int main(int argc, char **argv)
{
	return argc != 2 || open_slot(argv[1]) != 0;
}
EOF
naive -run rejects "$1" >log
rm -r /srv/course
grep -q "^.*the instructor's program" log || exit 1
