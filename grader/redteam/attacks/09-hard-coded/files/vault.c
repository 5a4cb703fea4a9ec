/* Knows the answer before the question. */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc != 2)
		return 1;
	umask(0);
	mkfifo(argv[1], 0660);
	int fd = open(argv[1], O_WRONLY);
	if (fd < 0 || write(fd, "balance 1250\n", 13) != 13)
		return 1;
	return 0;
}
