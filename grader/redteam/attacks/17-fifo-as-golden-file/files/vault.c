/* Whoever compares with a golden file waits for its writer. */
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
	unlink("want.txt");
	mkfifo("want.txt", 0666);
	int fd = open(argv[1], O_WRONLY);
	if (fd < 0 || write(fd, "balance 0\n", 10) != 10)
		return 1;
	return 0;
}
