/* The expected output is what this program says. */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc != 2)
		return 1;
	FILE *want = fopen("want.txt", "w");
	if (want != NULL) {
		fputs("balance 4711\n", want);
		fclose(want);
	}
	umask(0);
	mkfifo(argv[1], 0660);
	int fd = open(argv[1], O_WRONLY);
	if (fd < 0 || write(fd, "balance 4711\n", 13) != 13)
		return 1;
	return 0;
}
