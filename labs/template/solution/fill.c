/* fill PATH TEXT: creates the box PATH and writes TEXT into it. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int failed(const char *what)
{
	perror(what);
	return 1;
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: fill PATH TEXT\n");
		return 1;
	}
	int fd = open(argv[1], O_WRONLY | O_CREAT, 0640);
	if (fd < 0)
		return failed(argv[1]);
	if (fchmod(fd, 0640) < 0) /* the umask may have taken bits away */
		return failed("fchmod");
	if (dprintf(fd, "%s\n", argv[2]) < 0)
		return failed("write");
	return close(fd) < 0 ? failed("close") : 0;
}
