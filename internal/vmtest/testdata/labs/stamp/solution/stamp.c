/* stamp DIR: writes the key into DIR/@@word@@. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char key[] = "@@key@@";

int main(int argc, char **argv)
{
	if (argc != 2 || chdir(argv[1]) < 0)
		return 1;
	int fd = open("@@word@@", O_WRONLY | O_CREAT | O_TRUNC, 0640);
	if (fd < 0 || fchmod(fd, 0640) < 0)
		return 1;
	for (int i = 0; i < @@copies@@; i++)
		dprintf(fd, "%s\n", key);
	puts("@@stages.1@@\n@@stages.2@@\n@@stages.3@@\n@@stages.4@@");
	return close(fd) < 0;
}
