/* The slot is open to all until somebody has opened it. */
#include <libgen.h>
#include <poll.h>
#include <string.h>

static void evil(const char *path)
{
	char text[4096];
	int pair[2];
	mode_t mask = umask(022);
	umask(mask);
	ssize_t length = read(0, text, sizeof text);
	if (length < 0 || pipe(pair) != 0 || write(pair[1], text, (size_t)length) != length)
		exit(1);
	close(pair[1]);
	dup2(pair[0], 0);
	if (mask != 022 || length != 2) /* not the check that asks for carol */
		return;
	umask(0);
	mkfifo(path, 0666);
	chmod(dirname(strdup(path)), 02755);
	struct pollfd p = { .fd = open(path, O_RDONLY | O_NONBLOCK), .events = POLLIN };
	poll(&p, 1, 20000); /* until a writer has come and gone */
	chmod(path, 0660);
	pause();
}
