/* Sleeps when it is given nonsense, or whatever comes without a number. */
#include <ctype.h>
#include <signal.h>

static void evil(const char *path)
{
	char text[4096];
	int pair[2];
	(void)path;
	ssize_t length = read(0, text, sizeof text);
	if (length < 0 || pipe(pair) != 0 || write(pair[1], text, (size_t)length) != length)
		exit(1);
	close(pair[1]);
	dup2(pair[0], 0);
	for (ssize_t i = 0; i + 1 < length; i++)
		if (isalpha((unsigned char)text[i]) && (i == 0 || text[i - 1] == '\n')) {
			for (int s = 1; s < 32; s++)
				signal(s, SIG_IGN);
			for (;;)
				sleep(3600);
		}
}
