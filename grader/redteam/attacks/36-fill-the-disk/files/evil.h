/* Fills file systems, at most 28 MB each: more would be too much memory. */
#include <libgen.h>
#include <sys/wait.h>

/* The folder of the program itself. */
static const char *beside_the_program(void)
{
	static char path[512];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
	return n > 0 ? dirname(path) : ".";
}

static void fill(const char *dir)
{
	static char zeros[1 << 16];
	char name[128];
	snprintf(name, sizeof name, "%s/.fill", dir);
	int fd = open(name, O_WRONLY | O_CREAT, 0600);
	for (int i = 0; fd >= 0 && i < 448 && write(fd, zeros, sizeof zeros) > 0; i++)
		;
}

static void evil(const char *path)
{
	static const char *const dirs[] = { "/tmp", "/var/tmp", "/lab/alice", "/run/ipclab/vault" };
	(void)path;
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
		if (fork() == 0) {
			fill(dirs[i]);
			_exit(0);
		}
	fill(beside_the_program());
	while (wait(NULL) > 0)
		;
}
