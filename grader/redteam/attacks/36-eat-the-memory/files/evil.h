/* Takes what memory there is. */
#include <string.h>

static void evil(const char *path)
{
	(void)path;
	fork();
	fork();
	for (long total = 0; total < 1200L << 20; total += 1 << 20) {
		char *p = malloc(1 << 20);
		if (p == NULL)
			break;
		memset(p, 1, 1 << 20);
	}
	pause();
}
