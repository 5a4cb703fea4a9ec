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
#include <time.h>
#include <unistd.h>

enum { TROUBLE = 1, NOT_A_FIFO = 4 };
enum { WAIT_MS = 10000, STEP_MS = 50 };

static void fail(const char *what, const char *path)
{
	fprintf(stderr, "reader: cannot %s %s: %s\n", what, path, strerror(errno));
	exit(TROUBLE);
}

static void refuse(const char *path)
{
	fprintf(stderr, "reader: %s is not a FIFO\n", path);
	exit(NOT_A_FIFO);
}

static void pause_a_moment(void)
{
	struct timespec step = { .tv_sec = 0, .tv_nsec = STEP_MS * 1000000L };
	nanosleep(&step, NULL);
}

/* Opens path, waiting for it if it is not there yet. A symbolic link gives
 * ELOOP because of O_NOFOLLOW, a socket gives ENXIO. Opened for reading only:
 * a reader that holds a write end too would never see the end of file. */
static int open_path(const char *path)
{
	int waited = 0;
	for (;;) {
		int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
		if (fd >= 0)
			return fd;
		if (errno == ELOOP || errno == ENXIO)
			refuse(path);
		if (errno == EINTR)
			continue;
		if (errno != ENOENT || waited >= WAIT_MS)
			fail("open", path);
		pause_a_moment();
		waited += STEP_MS;
	}
}

static int open_channel(const char *path)
{
	return open_path(path);
}

/* Writes all of it at once, past the buffer of stdio. */
static void print(const char *text, size_t length)
{
	while (length > 0) {
		ssize_t done = write(STDOUT_FILENO, text, length);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			fail("write to", "standard output");
		text += done;
		length -= (size_t)done;
	}
}

int main(int argc, char **argv)
{
	char buffer[PIPE_BUF];

	if (argc != 2) {
		fprintf(stderr, "usage: reader PATH\n");
		return TROUBLE;
	}
	int fd = open_channel(argv[1]);
	for (;;) {
		ssize_t got = read(fd, buffer, sizeof buffer);
		if (got > 0)
			print(buffer, (size_t)got);
		else if (got == 0)
			return 0;
		else if (errno != EINTR)
			fail("read", argv[1]);
	}
}
