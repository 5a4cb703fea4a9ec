/* Writes to both outputs as long as anybody takes it. */
#include <string.h>

static void evil(const char *path)
{
	static char junk[65536];
	(void)path;
	memset(junk, 'x', sizeof junk);
	for (int i = 0; i < 64; i++) /* 8 MB */
		if (write(1, junk, sizeof junk) < 0 || write(2, junk, sizeof junk) < 0)
			break;
	exit(1);
}
