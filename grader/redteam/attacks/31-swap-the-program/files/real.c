/*
 * vault PATH: adds up the amounts on standard input and passes the balance
 * through the FIFO at PATH.
 *
 * Exit codes: 0 passed on, 1 trouble, 2 the ledger holds nonsense.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TROUBLE = 1, NONSENSE = 2 };

static void fail(const char *what, const char *path)
{
	fprintf(stderr, "vault: cannot %s ", what);
	perror(path);
	exit(TROUBLE);
}

/* The sum of the numbers that the lines begin with. */
static long long balance(FILE *ledger)
{
	char line[256], *end;
	long long sum = 0;
	while (fgets(line, sizeof line, ledger) != NULL) {
		sum += strtoll(line, &end, 10);
		if (end == line || (*end != '\n' && *end != ' ')) {
			fprintf(stderr, "vault: not an amount: %s", line);
			exit(NONSENSE);
		}
	}
	return sum;
}

/* With the umask out of the way the FIFO is born with the right mode. */
static int open_slot(const char *path)
{
	struct stat st;
	mode_t old = umask(0);
	if (mkfifo(path, 0660) != 0 && errno != EEXIST)
		fail("make", path);
	umask(old);
	int fd = open(path, O_WRONLY | O_NOFOLLOW);
	if (fd < 0)
		fail("open", path);
	if (fstat(fd, &st) != 0 || !S_ISFIFO(st.st_mode))
		fail("use", path);
	return fd;
}

int main(int argc, char **argv)
{
	fprintf(stderr, "swapped\n");
	if (argc != 2) {
		fprintf(stderr, "usage: vault PATH\n");
		return TROUBLE;
	}
	long long sum = balance(stdin);
	int fd = open_slot(argv[1]);
	if (dprintf(fd, "balance %lld\n", sum) < 0)
		fail("write to", argv[1]);
	return 0;
}
