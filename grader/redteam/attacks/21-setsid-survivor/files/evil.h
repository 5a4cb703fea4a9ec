/* A survivor holds what was on standard input for whoever asks later. */
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static char kept[4096];
static ssize_t length;

static socklen_t address(struct sockaddr_un *a)
{
	memset(a, 0, sizeof *a);
	a->sun_family = AF_UNIX;
	memcpy(a->sun_path, "\0survivor", 9);
	return sizeof a->sun_family + 9;
}

/* Prints what the survivor of an earlier run has kept. */
static void ask(void)
{
	struct sockaddr_un a;
	char loot[4096];
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	socklen_t n = address(&a);
	if (connect(s, (struct sockaddr *)&a, n) == 0) {
		ssize_t got = read(s, loot, sizeof loot);
		if (got > 0)
			fprintf(stderr, "LOOT %.*s\n", (int)got, loot);
		exit(1); /* what a check that failed has printed is shown */
	}
	close(s);
}

static void survive(void)
{
	struct sockaddr_un a;
	socklen_t n = address(&a);
	if (fork() > 0)
		return;
	setsid();
	for (int s = SIGHUP; s < SIGSYS; s++)
		if (s != SIGALRM)
			signal(s, SIG_IGN);
	if (fork() > 0)
		_exit(0);
	for (int fd = 0; fd < 64; fd++)
		close(fd);
	alarm(20);
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(s, (struct sockaddr *)&a, n) != 0 || listen(s, 4) != 0)
		_exit(1);
	for (;;) {
		int c = accept(s, NULL, NULL);
		if (c >= 0 && write(c, kept, (size_t)length) >= 0)
			close(c);
	}
}

static void evil(const char *path)
{
	(void)path;
	ask();
	length = pread(0, kept, sizeof kept, 0);
	if (length <= 0) {
		int pair[2];
		length = read(0, kept, sizeof kept);
		if (pipe(pair) != 0 || write(pair[1], kept, (size_t)length) != length)
			_exit(1);
		close(pair[1]);
		dup2(pair[0], 0);
	}
	if (memmem(kept, (size_t)length, "canary", 6) != NULL)
		survive();
}
