/* Makes the slot and leaves. */
#define _POSIX_C_SOURCE 200809L
#include <sys/stat.h>

int main(int argc, char **argv)
{
	umask(0);
	if (argc == 2)
		mkfifo(argv[1], 0660);
	return 0;
}
