/* Prints what an earlier run has left, or leaves its own. */
#include <string.h>

static char text[4096];
static ssize_t length;

static void loot(const char *where, const char *found, ssize_t got)
{
	if (got <= 0)
		return;
	fprintf(stderr, "LOOT %s: %.*s\n", where, (int)got, found);
	exit(1); /* what a check that failed has printed is shown */
}


static const char *const places[] = {
	"/tmp/.hoard", "/var/tmp/.hoard", "/tmp/.XIM-unix/.hoard", "/tmp/open/.hoard", "/dev/shm/.hoard", "/dev/mqueue/.hoard",
	"/run/lock/.hoard", "/run/ipclab/.hoard", "/lab/.hoard", "/lab/bin/.hoard", "/lab/src/.hoard", "/lab/build/.hoard",
	"/lab/build/open/.hoard", "/lab/home/.hoard", "/lab/home/open/.hoard", "/lab/alice/.hoard", ".hoard", "/var/lock/.hoard",
};

static void look(void)
{
	char found[4096];
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		int fd = open(places[i], O_RDONLY);
		if (fd < 0)
			continue;
		loot(places[i], found, read(fd, found, sizeof found));
		close(fd);
	}
}

static void leave(void)
{
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		int fd = open(places[i], O_WRONLY | O_CREAT | O_TRUNC, 0666);
		if (fd < 0)
			continue;
		if (write(fd, text, (size_t)length) != length)
			perror(places[i]);
		close(fd);
	}
}

static void take_input(void)
{
	int pair[2];
	length = read(0, text, sizeof text);
	if (length < 0 || pipe(pair) != 0 || write(pair[1], text, (size_t)length) != length)
		exit(1);
	close(pair[1]);
	dup2(pair[0], 0);
}

static void evil(const char *path)
{
	(void)path;
	look();
	take_input();
	if (memmem(text, (size_t)length, "canary", 6) != NULL)
		leave();
}
