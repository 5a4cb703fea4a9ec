/*
 * writer PATH: sends every line of standard input as one record through the
 * FIFO at PATH. Makes the FIFO, or replaces what is in its place, if need be.
 *
 * Exit codes: 0 everything was sent, 1 trouble, 2 a record is too long,
 * 3 the reader has gone.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TROUBLE = 1, TOO_LONG = 2, NO_READER = 3 };
enum { MODE = 0660, TRIES = 100 };

static void fail(const char *what, const char *path)
{
	fprintf(stderr, "writer: cannot %s %s: %s\n", what, path, strerror(errno));
	exit(TROUBLE);
}

/* The kernel takes the umask's bits away from the mode of a new FIFO. With the
 * umask out of the way the FIFO is born with the right mode; with a chmod after
 * mkfifo there would be a moment with a wrong one. */
static int make_fifo(const char *path)
{
	mode_t old = umask(0);
	int result = mkfifo(path, MODE);
	umask(old);
	return result;
}

/* A FIFO that may be used as it is. */
static int is_good(const struct stat *st)
{
	return S_ISFIFO(st->st_mode) && (st->st_mode & 07777) == MODE && st->st_uid == geteuid();
}

/* A name in the same directory: rename() does not work across file systems,
 * and the directory's group is the one that the FIFO must have. */
static int temporary_name(char *name, size_t size, const char *path, int number)
{
	const char *slash = strrchr(path, '/');
	int dir = slash ? (int)(slash - path) + 1 : 0;
	int length = snprintf(name, size, "%.*s.%s.%ld.%d", dir, path, path + dir, (long)getpid(), number);
	return length > 0 && (size_t)length < size;
}

/* Puts a new FIFO in place of whatever is at path. rename() swaps in one step,
 * so there is no moment without a FIFO. The old one is left as it was: a chmod
 * would not close the descriptors of those who have it open. */
static void replace(const char *path)
{
	char temporary[PATH_MAX];
	for (int number = 0; number < TRIES; number++) {
		if (!temporary_name(temporary, sizeof temporary, path, number)) {
			errno = ENAMETOOLONG;
			break;
		}
		if (make_fifo(temporary) == 0) {
			if (rename(temporary, path) == 0)
				return;
			int why = errno;
			unlink(temporary);
			errno = why;
			break;
		}
		if (errno != EEXIST) /* a name left behind by another writer is skipped */
			break;
	}
	fail("replace", path);
}

/* Sees to it that there is a good FIFO at path. */
static void prepare(const char *path)
{
	struct stat st;
	if (lstat(path, &st) == 0) {
		if (!is_good(&st))
			replace(path);
		return;
	}
	if (errno != ENOENT)
		fail("look at", path);
	if (make_fifo(path) != 0 && errno != EEXIST) /* another writer may have been faster */
		fail("make", path);
}

/* Waits for a reader. What was opened is looked at again: between lstat() and
 * open() somebody may have put another object at path. */
static int open_channel(const char *path)
{
	struct stat st;
	for (int i = 0; i < TRIES; i++) {
		prepare(path);
		int fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0) {
			if (fstat(fd, &st) == 0 && is_good(&st))
				return fd;
			close(fd);
		} else if (errno != ENOENT && errno != ELOOP && errno != EINTR) {
			fail("open", path);
		}
	}
	fprintf(stderr, "writer: %s does not stay a FIFO\n", path);
	exit(TROUBLE);
}

/* Reads one line and ends it with '\n'. Returns its length, 0 at the end of
 * the input, or -1 when it does not fit into PIPE_BUF bytes. */
static int read_record(char record[PIPE_BUF])
{
	int length = 0, c;
	while ((c = getchar()) != EOF) {
		if (length == PIPE_BUF)
			return -1;
		record[length++] = (char)c;
		if (c == '\n')
			return length;
	}
	if (ferror(stdin))
		fail("read", "standard input");
	if (length == 0)
		return 0;
	if (length == PIPE_BUF)
		return -1;
	record[length++] = '\n';
	return length;
}

/* One write() of at most PIPE_BUF bytes is never mixed with another's. */
static void send_record(int fd, const char *record, int length)
{
	ssize_t sent;
	do
		sent = write(fd, record, (size_t)length);
	while (sent < 0 && errno == EINTR);
	if (sent == length)
		return;
	if (sent < 0 && errno == EPIPE) {
		fprintf(stderr, "writer: the reader has gone\n");
		exit(NO_READER);
	}
	fail("write to", "the FIFO");
}

int main(int argc, char **argv)
{
	char record[PIPE_BUF];
	int length;

	if (argc != 2) {
		fprintf(stderr, "usage: writer PATH\n");
		return TROUBLE;
	}
	int fd = open_channel(argv[1]);
	while ((length = read_record(record)) > 0)
		send_record(fd, record, length);
	if (length < 0) {
		fprintf(stderr, "writer: a record is longer than %d bytes\n", PIPE_BUF);
		return TOO_LONG;
	}
	return 0;
}
