/* Leaves no room for another file in the folder. */
#include <string.h>

static void evil(const char *path)
{
	char name[300];
	int length = (int)(strrchr(path, '/') - path);
	for (int i = 0; i < 100000; i++) {
		snprintf(name, sizeof name, "%.*s/.many-%d", length, path, i);
		int fd = open(name, O_WRONLY | O_CREAT, 0600);
		if (fd < 0)
			break;
		close(fd);
	}
}
