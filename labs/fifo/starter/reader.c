/*
 * reader PATH: prints every record that comes out of the FIFO at PATH, until
 * the last writer has closed it.
 *
 * Exit codes: 0 end of file, 1 trouble, 4 what is at PATH is not a FIFO.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { TROUBLE = 1, NOT_A_FIFO = 4 };

/* Ends the program because path is not what it must be. */
static void refuse(const char *path)
{
	fprintf(stderr, "reader: %s is not a FIFO\n", path);
	exit(NOT_A_FIFO);
}

/* Opens the FIFO for reading. Returns the descriptor, or -1 with errno set. */
static int open_channel(const char *path)
{
	if (path[0] == '\0')
		refuse(path);
	/* TODO step 2: open it, and wait up to 10 seconds for it to appear.
	 * TODO step 3: refuse whatever is not a FIFO, without a race. */
	errno = ENOSYS;
	return -1;
}

/* Prints what was received, at once. */
static void print(const char *text, size_t length)
{
	/* TODO step 2 */
	(void)text;
	(void)length;
}

int main(int argc, char **argv)
{
	char buffer[PIPE_BUF];

	if (argc != 2) {
		fprintf(stderr, "usage: reader PATH\n");
		return TROUBLE;
	}
	int fd = open_channel(argv[1]);
	if (fd < 0) {
		fprintf(stderr, "reader: %s: %s\n", argv[1], strerror(errno));
		return TROUBLE;
	}
	/* TODO step 2: read and print until the end of file. */
	print(buffer, 0);
	return 0;
}
