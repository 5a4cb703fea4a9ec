/* Feeds the reader for ever. */
#include <fcntl.h>
#include <string.h>

static void evil(const char *path)
{
	static char junk[65536];
	umask(0);
	mkfifo(path, 0660);
	umask(022);
	int fd = open(path, O_WRONLY);
	memset(junk, 'x', sizeof junk);
	for (int i = 0; i < 128; i++) /* 8 MB */
		if (write(fd, junk, sizeof junk) < 0)
			break;
	_exit(0);
}
