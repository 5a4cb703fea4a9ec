/*
 * writer PATH: sends every line of standard input as one record through the
 * FIFO at PATH. Makes the FIFO, or replaces what is in its place, if need be.
 *
 * Exit codes: 0 everything was sent, 1 trouble, 2 a record is too long,
 * 3 the reader has gone.
 *
 * The steps of the README say in which order to fill this in.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TROUBLE = 1, TOO_LONG = 2, NO_READER = 3 };
enum { MODE = 0660 };

/* Makes a FIFO at path. Returns 0, or -1 with errno set. */
static int make_fifo(const char *path)
{
	(void)path;
	/* TODO step 1: make it with exactly the mode MODE, whatever the umask. */
	errno = ENOSYS;
	return -1;
}

/* Sees to it that there is a good FIFO at path. Returns 0, or -1 with errno
 * set. */
static int prepare(const char *path)
{
	/* TODO step 1: make the FIFO if nothing is there.
	 * TODO step 2: if there is a good one already (lstat), leave it.
	 * TODO step 3: replace anything else without a race. */
	return make_fifo(path);
}

/* Opens the FIFO for writing. Returns the descriptor, or -1 with errno set. */
static int open_channel(const char *path)
{
	if (prepare(path) != 0)
		return -1;
	/* TODO step 2: open it. Waiting for a reader is fine.
	 * TODO step 3: look again at what was opened. */
	errno = ENOSYS;
	return -1;
}

/* Reads one line from standard input into record. Returns its length with the
 * newline, 0 at the end of the input, or -1 if it is longer than PIPE_BUF. */
static int read_record(char record[PIPE_BUF])
{
	/* TODO step 2 */
	record[0] = '\0';
	return 0;
}

/* Sends one record. */
static void send_record(int fd, const char *record, int length)
{
	/* TODO step 2: one write(2). When nobody reads any more, print a message
	 * that names the reader and exit with NO_READER. */
	(void)fd;
	(void)record;
	(void)length;
	fprintf(stderr, "writer: sending is not written yet\n");
	exit(NO_READER);
}

int main(int argc, char **argv)
{
	char record[PIPE_BUF];
	int length;

	if (argc != 2) {
		fprintf(stderr, "usage: writer PATH\n");
		return TROUBLE;
	}
	/* TODO step 2: what does a write do when the reader has gone? */
	int fd = open_channel(argv[1]);
	if (fd < 0) {
		fprintf(stderr, "writer: %s: %s\n", argv[1], strerror(errno));
		return TROUBLE;
	}
	while ((length = read_record(record)) > 0)
		send_record(fd, record, length);
	if (length < 0) {
		fprintf(stderr, "writer: a record is longer than %d bytes\n", PIPE_BUF);
		return TOO_LONG;
	}
	return 0;
}
